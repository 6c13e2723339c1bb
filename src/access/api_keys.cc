#include "access/api_keys.h"

#include <sodium.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "core/text.h"

namespace penstock::access {
namespace {

constexpr std::string_view kScheme = "Bearer";

// The reference's words, which clients may match on.
constexpr std::string_view kMissing =
    "Authentication required. Please provide your API key as a Bearer token";
constexpr std::string_view kOddForm = "Invalid Authorization header format";
constexpr std::string_view kTwoKeys =
    "The request has different API keys in its Authorization, x-api-key and api-key fields. Send "
    "one of them";
constexpr std::string_view kUnknown = "Authentication failed: the API key is not known";

std::unexpected<Error> refused(std::string_view message) {
  return failure(Error::client(ErrorKind::kInvalidApiKey, std::string(message)));
}

}  // namespace

Credentials::Credentials(const http::Fields& fields) {
  using enum http::FieldName;
  if (!fields.has(kAuthorization) && !fields.has(kXApiKey) && !fields.has(kApiKey)) return;
  for (const http::Field& field : fields) {
    if (field.known_name == kAuthorization) {
      add_authorization(field.value);
    } else if (field.known_name == kXApiKey || field.known_name == kApiKey) {
      add_key(field.value);
    }
  }
}

void Credentials::add_authorization(std::string_view value) {
  const bool is_bearer = starts_with_ignoring_case(value, kScheme);
  const std::string_view rest = is_bearer ? value.substr(kScheme.size()) : value;
  const std::size_t key_at = std::min(rest.find_first_not_of(' '), rest.size());
  const bool is_empty = key_at == rest.size();
  has_empty_ = has_empty_ || is_empty;
  if (is_empty) return;
  if (is_bearer && key_at > 0) {
    add_key(rest.substr(key_at));
  } else {
    malformed_ = true;
  }
}

void Credentials::add_key(std::string_view value) {
  if (value.empty()) return;
  differ_ = differ_ || (found_ && value != key_);
  key_ = value;
  found_ = true;
}

bool ApiKeys::are_same(std::span<const unsigned char> a, std::span<const unsigned char> b) {
  return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

ApiKeys::ApiKeys(const std::vector<config::ApiKey>& keys, const config::Owners& owners) {
  if (keys.empty()) {
    anonymous_ = {.name = "anonymous", .role = config::Role::kAdmin, .is_anonymous = true};
    return;
  }
  // May be called any number of times, from any thread.
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be used");
  randombytes_buf(digest_key_.data(), digest_key_.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const config::ApiKey& entry = keys[i];
    Principal principal{.name = entry.name, .role = entry.role, .position = i};
    principal.expires = entry.expires;
    principal.permissions.add(entry.terms);
    for (const config::OwnerAbove& above : config::owners_above(entry, owners)) {
      principal.permissions.add(above.owner->terms);
    }
    if (entry.hash) {
      hashed_.try_emplace(*entry.hash, std::move(principal));
    } else if (!entry.key.empty()) {
      principals_.try_emplace(digest_of(entry.key.reveal()), std::move(principal));
    }
  }
}

ApiKeys::Digest ApiKeys::digest_of(std::string_view key) const {
  Digest digest;
  crypto_shorthash_siphashx24(digest.data(), reinterpret_cast<const unsigned char*>(key.data()),
                              key.size(), digest_key_.data());
  return digest;
}

Result<const Principal*> ApiKeys::authenticate(const Credentials& credentials) const {
  if (anonymous_) return &*anonymous_;
  if (credentials.malformed_) return refused(kOddForm);
  if (!credentials.found_) return refused(credentials.has_empty_ ? kOddForm : kMissing);
  if (credentials.differ_) return refused(kTwoKeys);
  const auto found = principals_.find(digest_of(credentials.key_));
  if (found != principals_.end()) return &found->second;
  return hashed_.empty() ? refused(kUnknown) : find_hashed(credentials.key_);
}

Result<const Principal*> ApiKeys::find_hashed(std::string_view key) const {
  if (key.size() > kHashedKeyBytesMax) return refused(kUnknown);
  config::KeyHash hash;
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(key.data()), key.size());
  const auto found = hashed_.find(hash);
  if (found == hashed_.end()) return refused(kUnknown);
  return &found->second;
}

}  // namespace penstock::access
