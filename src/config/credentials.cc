#include "config/credentials.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "config/forward_headers.h"
#include "core/base64.h"
#include "core/text.h"

namespace penstock::config {
namespace {

// Fields whose values are not secret, however random they look.
constexpr std::array<std::string_view, 19> kPlainNames = {
    "accept",        "accept-language", "anthropic-beta", "anthropic-version",
    "cache-control", "content-type",    "from",           "http-referer",
    "openai-beta",   "openai-project",  "origin",         "openai-organization",
    "prefer",        "referer",         "user-agent",     "x-request-id",
    "x-title",       "traceparent",     "api-version"};

constexpr std::size_t kKeyBytesMin = 16;

// Long, without spaces, and neither a word nor a date nor a version.
bool looks_like_key(std::string_view value) {
  const auto count = [&](char first, char last) {
    return std::ranges::count_if(value, [=](char c) { return c >= first && c <= last; });
  };
  const auto digits = count('0', '9');
  const auto lower = count('a', 'z');
  const auto upper = count('A', 'Z');
  return value.size() >= kKeyBytesMin && value.find(' ') == std::string_view::npos &&
         ((digits >= 3 && lower + upper >= 3) || (digits > 0 && lower > 0 && upper > 0));
}

// Of `user:password`.
std::string password_of(std::string_view credentials) {
  return std::string(credentials.substr(credentials.find(':') + 1));
}

// Of what precedes the host of a URL: a name alone has none.
std::string password_of_user(std::string_view user) {
  return user.contains(':') ? password_of(user) : std::string();
}

// The user name alone is not a secret; the password is, with or without it.
void add_basic(std::vector<std::string>& found, std::string_view credentials) {
  const std::optional<std::string> decoded = base64_decoded(credentials);
  if (!decoded) return;
  if (!decoded->contains(':')) return;
  found.push_back(password_of(*decoded));
}

bool is_basic(const Provider& provider) {
  return provider.auth == KeyForm::kBasic || provider.messages_auth == KeyForm::kBasic;
}

// The scheme and the key of `Bearer KEY` and the like; the scheme is empty if there is none.
struct SchemeAndKey {
  std::string_view scheme;
  std::string_view key;
};
SchemeAndKey split_scheme(std::string_view value) {
  const std::string_view scheme = value.substr(0, value.find(' '));
  if (scheme.size() == value.size() || !std::ranges::all_of(scheme, is_letter)) return {{}, value};
  return {scheme, trim(value.substr(scheme.size()))};
}

void add_value(std::vector<std::string>& found, std::string_view value) {
  const auto [scheme, key] = split_scheme(value);
  if (equals_ignoring_case(scheme, "basic")) add_basic(found, key);
  found.emplace_back(key);
}

void add_proxy(std::vector<std::string>& found, const std::optional<ForwardProxy>& proxy) {
  if (!proxy || proxy->credentials.empty()) return;
  found.push_back(password_of(proxy->credentials.reveal()));
}

// As it is written, and decoded.
void add_store_url(std::vector<std::string>& found, const Secret& url) {
  const std::string password = password_of_user(user_information(url.reveal()));
  found.push_back(password);
  if (const auto decoded = percent_decode(password)) found.push_back(*decoded);
}

}  // namespace

bool is_credential(std::string_view name, const Secret& value) {
  if (is_credential_header(name)) return true;
  const bool is_plain = std::ranges::any_of(
      kPlainNames, [&](std::string_view plain) { return equals_ignoring_case(plain, name); });
  return !is_plain && looks_like_key(split_scheme(value.reveal()).key);
}

bool has_credential(const Provider& provider) {
  const auto is_one = [](const auto& each) { return is_credential(each.name, each.value); };
  return !provider.api_key.empty() || std::ranges::any_of(provider.headers, is_one) ||
         std::ranges::any_of(provider.query, is_one);
}

SecretGuard guard_credentials(const Settings& settings) {
  std::vector<std::string> found;
  for (const Provider& provider : settings.providers) {
    found.emplace_back(provider.api_key.reveal());
    if (is_basic(provider)) found.push_back(password_of(provider.api_key.reveal()));
    add_proxy(found, provider.proxies.http);
    add_proxy(found, provider.proxies.https);
    for (const Provider::Header& header : provider.headers) {
      if (is_credential(header.name, header.value)) add_value(found, header.value.reveal());
    }
    for (const Provider::QueryParameter& parameter : provider.query) {
      if (is_credential(parameter.name, parameter.value)) {
        found.emplace_back(parameter.value.reveal());
      }
    }
  }
  if (settings.store) {
    add_store_url(found, settings.store->url);
    add_store_url(found, settings.store->redis);
  }
  for (const ApiKey& api_key : settings.server.api_keys) found.emplace_back(api_key.key.reveal());
  const std::vector<std::string_view> views(found.begin(), found.end());
  return SecretGuard(views);
}

}  // namespace penstock::config
