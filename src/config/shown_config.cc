#include "config/shown_config.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "config/metadata.h"
#include "core/secret.h"
#include "core/text.h"

namespace penstock::config {
namespace {

constexpr std::array<std::string_view, 9> kSecretWords = {
    "api_key",    "api-key",           "authorization", "password",          "secret",
    "credential", "connection_string", "token",         "moderation_headers"};

// `max_tokens` and the like are counts, not secrets.
bool speaks_of_a_secret(std::string_view key) {
  std::string name = lower_case(key);
  if (name.ends_with("tokens")) name.erase(name.size() - std::string_view("tokens").size());
  return std::ranges::any_of(
      kSecretWords, [&](std::string_view word) { return name.find(word) != std::string::npos; });
}

bool holds_only_secrets(std::string_view key) {
  return key == "headers" || key == "query";
}

// Masks what precedes the last `@` of a URL's authority (RFC 3986 section 3.2.1).
void mask_user_information(std::string& text) {
  constexpr std::string_view kMark = "://";
  const std::size_t scheme = text.find(kMark);
  if (scheme == std::string::npos) return;
  const std::size_t begin = scheme + kMark.size();
  const std::string_view authority =
      std::string_view(text).substr(begin, text.find_first_of("/?#", begin) - begin);
  const std::size_t end = authority.rfind('@');
  if (end != std::string_view::npos) text.replace(begin, end, Secret::kMask);
}

enum class Values { kShown, kMasked };

Node masked(const Decoder& decoder, const Node& node, Values values) {
  Node result = decoder.resolved_if_possible(node);
  if (result.from_file) values = Values::kMasked;
  if (result.kind == Node::Kind::kScalar && values == Values::kMasked) {
    result.text = Secret::kMask;
    result.style = Node::Style::kQuoted;
  } else if (result.kind == Node::Kind::kScalar) {
    mask_user_information(result.text);
  }
  for (Node& child : result.children) {
    const bool is_secret =
        values == Values::kMasked || speaks_of_a_secret(child.key) || holds_only_secrets(child.key);
    Node shown = masked(decoder, child, is_secret ? Values::kMasked : Values::kShown);
    shown.key = child.key;
    child = std::move(shown);
  }
  return result;
}

}  // namespace

std::string shown_config(const Decoder& decoder, const Node& map) {
  return resolved_json(masked(decoder, map, Values::kShown));
}

}  // namespace penstock::config
