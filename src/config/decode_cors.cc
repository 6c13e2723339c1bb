#include "config/decode_cors.h"

#include <algorithm>
#include <array>
#include <regex>
#include <string_view>
#include <utility>

#include "config/forward_headers.h"
#include "config/url.h"
#include "core/text.h"

namespace penstock::config {
namespace {

constexpr std::string_view kAny = "*";
constexpr std::uint64_t kMaxAgeSecondsMax = 24 * 3600 * 365;

// As a browser sends it: scheme, host and port, without a path (RFC 6454 section 6.2).
bool is_origin(std::string_view text) {
  if (text == kAny || text == "null") return true;
  const auto url = parse_url(text);
  if (url) return url->path.empty() && !text.ends_with('/');
  // Extensions and applications have schemes of their own.
  const std::size_t mark = text.find("://");
  return mark != std::string_view::npos && mark > 0 && !text.starts_with("http") &&
         text.find_first_of("/?# ", mark + 3) == std::string_view::npos;
}

template <std::vector<std::string> Cors::* field, bool (*is_sound)(std::string_view)>
void decode_texts(Decoder& decoder, const Node& node, Cors& cors, std::string_view fault) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  std::vector<std::string>& texts = cors.*field;
  texts.clear();
  for (const Node& item : *items) {
    const auto text = decoder.text(item);
    if (!text) continue;
    if (*text != kAny && !is_sound(*text)) {
      decoder.error(item, fault);
      continue;
    }
    texts.push_back(*text);
  }
}

void decode_origins(Decoder& decoder, const Node& node, Cors& cors) {
  decode_texts<&Cors::allow_origins, is_origin>(
      decoder, node, cors, "expected an origin, such as https://app.example.com, or `*`");
}

void decode_methods(Decoder& decoder, const Node& node, Cors& cors) {
  decode_texts<&Cors::allow_methods, is_header_name>(decoder, node, cors,
                                                     "expected a method, such as POST, or `*`");
}

void decode_allowed_headers(Decoder& decoder, const Node& node, Cors& cors) {
  decode_texts<&Cors::allow_headers, is_header_name>(decoder, node, cors,
                                                     "expected the name of a header, or `*`");
}

void decode_exposed_headers(Decoder& decoder, const Node& node, Cors& cors) {
  decode_texts<&Cors::expose_headers, is_header_name>(decoder, node, cors,
                                                      "expected the name of a header, or `*`");
}

void decode_origin_regex(Decoder& decoder, const Node& node, Cors& cors) {
  const auto text = decoder.text(node);
  if (!text) return;
  try {
    const std::regex checked(*text, kOriginRegexSyntax);
  } catch (const std::regex_error&) {
    return decoder.error(node, "this is not a regular expression in ECMAScript's form");
  }
  cors.allow_origin_regex = *text;
}

constexpr std::array kCorsKeys = {
    Key<Cors>{"allow_origins", "list of text", "[]", decode_origins},
    Key<Cors>{"allow_origin_regex", "text", "none", decode_origin_regex},
    Key<Cors>{"allow_methods", "list of text", "[OPTIONS]", decode_methods},
    Key<Cors>{"allow_headers", "list of text", "[]", decode_allowed_headers},
    Key<Cors>{"allow_credentials", "boolean", "false",
              [](Decoder& decoder, const Node& node, Cors& cors) {
                store(decoder.boolean(node), cors.allow_credentials);
              }},
    Key<Cors>{"expose_headers", "list of text", "[]", decode_exposed_headers},
    Key<Cors>{"max_age", "integer", "600",
              [](Decoder& decoder, const Node& node, Cors& cors) {
                store(decoder.integer(node, {0, kMaxAgeSecondsMax}), cors.max_age);
              }},
};

// What `true` means in the reference: pages of the same machine.
Cors of_local_pages() {
  Cors cors;
  cors.allow_origin_regex = R"(https?://localhost:\d+)";
  cors.allow_methods = {"GET", "POST", "PUT", "DELETE", "OPTIONS"};
  cors.allow_headers = {"Content-Type", "Authorization", "X-Requested-With"};
  return cors;
}

}  // namespace

void decode_cors(Decoder& decoder, const Node& node, std::optional<Cors>& out) {
  if (node.kind == Node::Kind::kScalar) {
    const auto is_on = decoder.boolean(node);
    if (is_on && *is_on) out = of_local_pages();
    return;
  }
  Cors cors;
  decode_section<Cors>(decoder, node, kCorsKeys, cors);
  if (cors.allow_credentials && std::ranges::count(cors.allow_origins, kAny) > 0) {
    decoder.error(*node.find("allow_credentials"),
                  "pages of every origin cannot be allowed to use credentials; list the origins");
  }
  out = std::move(cors);
}

void list_cors_keys(const std::string& path, KnownKeys& out) {
  list_section<Cors>(path, kCorsKeys, out);
}

}  // namespace penstock::config
