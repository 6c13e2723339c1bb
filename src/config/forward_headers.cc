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

constexpr std::array<std::string_view, 11> kCredentialWords = {
    "authorization", "cookie", "credential", "jwt",       "key",  "passwd",
    "password",      "secret", "session",    "signature", "token"};

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

}  // namespace

bool is_header_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), is_token_byte);
}

bool is_managed_header(std::string_view name) {
  return contains(kManagedHeaders, name);
}

bool is_blocked_header(std::string_view name) {
  const bool has_blocked_prefix =
      std::any_of(kBlockedPrefixes.begin(), kBlockedPrefixes.end(),
                  [&](std::string_view prefix) { return starts_with_ignoring_case(name, prefix); });
  return has_blocked_prefix || is_managed_header(name) || contains(kBlockedHeaders, name);
}

bool is_blocked_header(std::string_view name, const std::vector<std::string>& extra) {
  return is_blocked_header(name) || contains(extra, name);
}

bool is_credential_header(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), to_lower);
  const auto has = [&](std::string_view word) { return lower.find(word) != std::string::npos; };
  return std::any_of(kCredentialWords.begin(), kCredentialWords.end(), has) ||
         (has("auth") && !has("author"));
}

}  // namespace penstock::config
