#pragma once

// Files that set one key, for tests of every key that there is.

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "config/loading.h"

namespace penstock::config {

// A file that sets only this key, such as `server.limits.event_bytes`, to the value.
inline std::string file_with(std::string_view path, std::string_view value) {
  std::string text;
  std::string indent;
  bool in_list = false;
  while (true) {
    const std::size_t dot = path.find('.');
    std::string key(path.substr(0, dot));
    const bool is_list = key.ends_with("[]");
    if (is_list) key.resize(key.size() - 2);
    text += indent + (in_list ? "- " : "") + key + ":";
    indent += in_list ? "    " : "  ";
    if (dot == std::string_view::npos) return text + " " + std::string(value) + "\n";
    text += "\n";
    in_list = is_list;
    path.remove_prefix(dot + 1);
  }
}

// Adds what an entry of a list needs besides the key in question.
inline std::string with_required_keys(std::string text) {
  const std::pair<std::string_view, std::string_view> needs[] = {
      {"  inference:\n    - ", "provider_id: p\n      provider_type: remote::passthrough\n      "},
      {"  api_keys:\n    - ", "name: n\n      key: sk-0123456789\n      "},
      {"  models:\n    - ", "model_id: m\n      provider_id: all\n      "},
      {"limits:\n        - ", "quantity: cost\n          amount: 5\n          "},
      {"  defaults:\n    limits:\n      - ", "quantity: cost\n        amount: 5\n        "},
      {"budgets:\n        - ", "name: b\n          max_requests: 5\n          "},
      {"targets:\n        - ", "provider: p\n          "},
      {"  routes:\n    - ", "model: m\n      "},
      {"  override:\n    - ", "model: m\n      input: 1\n      output: 1\n      "},
  };
  for (const auto& [place, keys] : needs) {
    const std::size_t at = text.find(place);
    if (at != std::string::npos) text.insert(at + place.size(), keys);
  }
  if (text.starts_with("routing:")) {
    const bool needs_targets =
        text.find("routes:") != std::string::npos && text.find("targets:") == std::string::npos;
    if (needs_targets) text += "      targets: [{provider: p}]\n";
    text.insert(0, kOneProvider);
  }
  return text;
}

// Other ways to say what is described elsewhere, or keys without an effect.
inline bool is_another_way_to_say(std::string_view path) {
  constexpr std::string_view kConfig = "providers.inference[].config.";
  constexpr std::array<std::string_view, 6> kOtherWays = {
      "models", "server.auth", "apis", "keys", "storage", "server.api_keys[].budget"};
  constexpr std::array<std::string_view, 10> kOtherWaysOfUpstreams = {"url",
                                                                      "append_v1",
                                                                      "access_token",
                                                                      "project",
                                                                      "api_version",
                                                                      "tls_verify",
                                                                      "region_name",
                                                                      "aws_bearer_token_bedrock",
                                                                      "network.timeout.read",
                                                                      "network.proxy.url"};
  if (path.starts_with(kConfig)) {
    return std::ranges::count(kOtherWaysOfUpstreams, path.substr(kConfig.size())) > 0;
  }
  return std::any_of(kOtherWays.begin(), kOtherWays.end(), [&](std::string_view other) {
    return path == other || path.starts_with(std::string(other) + ".");
  });
}

}  // namespace penstock::config
