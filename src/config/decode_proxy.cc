#include "config/decode_proxy.h"

#include <fmt/format.h>

#include <array>
#include <initializer_list>
#include <optional>
#include <utility>

#include "config/scalar.h"

namespace penstock::config {
namespace {

void decode_one(Decoder& decoder, const Node& node, std::optional<ForwardProxy>& out) {
  const auto text = decoder.text(node);
  if (!text) return;
  auto proxy = parse_proxy(*text);
  if (proxy) {
    out = std::move(*proxy);
  } else {
    decoder.error(node, proxy.error().message);
  }
}

void decode_for_everything(Decoder& decoder, const Node& node, Proxies& proxies) {
  decode_one(decoder, node, proxies.https);
  proxies.http = proxies.https;
}

void add_entry(Decoder& decoder, const Node& node, std::string_view text, Proxies& proxies) {
  auto entry = NoProxy::parse(text);
  if (entry) {
    proxies.no_proxy.push_back(std::move(*entry));
  } else {
    decoder.error(node, entry.error().message);
  }
}

void decode_no_proxy(Decoder& decoder, const Node& node, Proxies& proxies) {
  if (node.kind == Node::Kind::kScalar) {
    for (const std::string_view entry : no_proxy_entries(node.text)) {
      add_entry(decoder, node, entry, proxies);
    }
    return;
  }
  const auto items = decoder.given_items(node);
  if (!items) return;
  for (const Node& item : *items) {
    if (const auto text = decoder.text(item)) add_entry(decoder, item, *text, proxies);
  }
}

constexpr std::array kProxyKeys = {
    Key<Proxies>{"url", "URL", "none", decode_for_everything},
    Key<Proxies>{"http", "URL", "none",
                 [](Decoder& decoder, const Node& node, Proxies& proxies) {
                   decode_one(decoder, node, proxies.http);
                 }},
    Key<Proxies>{"https", "URL", "none",
                 [](Decoder& decoder, const Node& node, Proxies& proxies) {
                   decode_one(decoder, node, proxies.https);
                 }},
    Key<Proxies>{"cacert", "file", "none",
                 [](Decoder& decoder, const Node& node, Proxies& proxies) {
                   store(decoder.readable_file(node), proxies.ca_file);
                 }},
    Key<Proxies>{"no_proxy", "text or list of text", "[]", decode_no_proxy},
};

struct Variable {
  std::string name;
  std::string value;
};

// The first that is set and not empty.
std::optional<Variable> first_of(const Environment& environment,
                                 std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    std::optional<std::string> value = environment(name);
    if (value && !value->empty()) return Variable{std::string(name), std::move(*value)};
  }
  return std::nullopt;
}

// A program that a web server runs has the client's field `Proxy` in HTTP_PROXY
// (CVE-2016-5385).
std::optional<Variable> http_proxy(const Environment& environment) {
  if (environment("REQUEST_METHOD")) {
    return first_of(environment, {"http_proxy", "all_proxy", "ALL_PROXY"});
  }
  return first_of(environment, {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"});
}

void take_proxy(Decoder& decoder, const Node& place, const std::optional<Variable>& variable,
                std::optional<ForwardProxy>& out) {
  if (!variable) return;
  const bool has_scheme = variable->value.contains("://");
  auto proxy = parse_proxy(has_scheme ? variable->value : "http://" + variable->value);
  if (proxy) {
    out = std::move(*proxy);
  } else {
    decoder.error(place, fmt::format("{} in the environment: {}; or set `network.proxy` of the "
                                     "provider, to `false` for none",
                                     variable->name, proxy.error().message));
  }
}

}  // namespace

void decode_proxy(Decoder& decoder, const Node& node, Provider& provider) {
  if (node.kind == Node::Kind::kScalar) {
    const std::optional<bool> is_used = parse_boolean(node.text);
    if (is_used && !*is_used) return;
    if (is_used) return decoder.error(node, "expected the proxy's URL, a mapping, or false");
    return decode_for_everything(decoder, node, provider.proxies);
  }
  decode_section<Proxies>(decoder, node, kProxyKeys, provider.proxies);
  const Node* url = decoder.given(node, "url");
  if (url == nullptr) return;
  for (const std::string_view key : {"http", "https"}) {
    const Node* other = decoder.given(node, key);
    if (other == nullptr) continue;
    decoder.error_at_key(*other, "`url` is for all upstreams; give either it, or http and https");
  }
}

void list_proxy_keys(const std::string& path, KnownKeys& out) {
  list_section<Proxies>(path, kProxyKeys, out);
}

void take_proxies_of_environment(Decoder& decoder, const Node& place, Provider& provider) {
  const Environment& environment = decoder.environment();
  Proxies& proxies = provider.proxies;
  take_proxy(decoder, place, http_proxy(environment), proxies.http);
  take_proxy(decoder, place,
             first_of(environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}),
             proxies.https);
  if (proxies.empty()) return;
  // No proxy leads back to this machine.
  std::string list = "localhost,127.0.0.0/8,::1";
  const auto variable = first_of(environment, {"no_proxy", "NO_PROXY"});
  if (variable) list += "," + variable->value;
  for (const std::string_view text : no_proxy_entries(list)) {
    // Other programs know forms of their own.
    if (auto entry = NoProxy::parse(text)) proxies.no_proxy.push_back(std::move(*entry));
  }
}

}  // namespace penstock::config
