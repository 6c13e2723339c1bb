#include "config/forward_headers.h"

#include <algorithm>
#include <array>

#include "core/text.h"

namespace penstock::config {
namespace {

constexpr std::array<std::string_view, 11> kManagedHeaders = {
    "host",   "connection",      "keep-alive",    "proxy-connection",
    "te",     "trailer",         "upgrade",       "transfer-encoding",
    "expect", "accept-encoding", "content-length"};

constexpr std::array<std::string_view, 9> kBlockedHeaders = {
    "cookie",    "set-cookie",          "forwarded",
    "x-real-ip", "proxy-authorization", "proxy-authenticate",
    "via",       "x-ogx-provider-data", "x-llamastack-provider-data"};

constexpr std::array<std::string_view, 2> kBlockedPrefixes = {"content-", "x-forwarded-"};

// Fields of requests that the gateway writes, beside those that always pass.
constexpr std::array<std::string_view, 2> kOwnHeaders = {"date", "user-agent"};
constexpr std::array<std::string_view, 3> kAlwaysPassing = {"accept", "content-type",
                                                            "x-request-id"};
constexpr std::string_view kOwnPrefix = "x-penstock-";

// Fields of answers that the gateway acts on. In a request they mean nothing.
constexpr std::array<std::string_view, 5> kAnswerHeaders = {
    "alt-svc", "location", "refresh", "set-cookie2", "strict-transport-security"};

constexpr std::array<std::string_view, 10> kCredentialWords = {
    "auth",     "cookie", "credential", "jwt",       "key",
    "password", "passwd", "secret",     "signature", "token"};
// They contain such a word, and mean something else.
constexpr std::array<std::string_view, 2> kHarmlessWords = {"author", "idempotency-key"};

template <class Range>
bool contains(const Range& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view known) { return equals_ignoring_case(known, name); });
}

bool is_token_byte(char c) {
  const char lower = to_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool has_blocked_prefix(std::string_view name) {
  return std::ranges::any_of(kBlockedPrefixes, [&](std::string_view prefix) {
    return starts_with_ignoring_case(name, prefix);
  });
}

// Whether the name says that the value gives access.
bool names_key(std::string lower) {
  if (lower.contains("authorization")) return true;
  for (const std::string_view word : kHarmlessWords) {
    for (std::size_t at = lower.find(word); at != lower.npos; at = lower.find(word, at)) {
      lower.replace(at, word.size(), 1, ' ');
    }
  }
  return std::ranges::any_of(kCredentialWords,
                             [&](std::string_view word) { return lower.contains(word); });
}

}  // namespace

bool is_header_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_token_byte);
}

bool is_managed_header(std::string_view name) {
  return contains(kManagedHeaders, name);
}

bool is_blocked_header(std::string_view name) {
  return has_blocked_prefix(name) || is_managed_header(name) || contains(kBlockedHeaders, name);
}

bool is_blocked_header(std::string_view name, const std::vector<std::string>& extra) {
  return is_blocked_header(name) || contains(extra, name);
}

bool is_credential_header(std::string_view name) {
  const std::string lower = lower_case(name);
  return names_key(lower) || lower.contains("session");
}

bool always_passes(std::string_view name) {
  return contains(kAlwaysPassing, name);
}

std::string_view why_client_header_stays(std::string_view name) {
  const bool has_star = name.ends_with('*');
  if (has_star) name.remove_suffix(1);
  if (names_key(lower_case(name))) {
    return "this header carries a credential by its name, and never passes; name the upstream's "
           "key in `api_key` or `network.headers`, or a caller's in `forward_headers`";
  }
  if (has_blocked_prefix(name) || starts_with_ignoring_case(name, kOwnPrefix)) {
    return "this header is for this server or its connection, and never passes";
  }
  if (has_star) return {};
  if (contains(kOwnHeaders, name) || always_passes(name)) {
    return "the server writes this header itself; set another value in `network.headers`";
  }
  if (is_blocked_header(name) || contains(kAnswerHeaders, name)) {
    return "this header is for this server or its connection, and never passes";
  }
  return {};
}

}  // namespace penstock::config
