#include "access/api_keys.h"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace penstock::access {
namespace {

constexpr std::string_view kScheme = "Bearer ";

// The words of the reference, which clients may match on.
constexpr std::string_view kMissing =
    "Authentication required. Please provide your API key as a Bearer token";
constexpr std::string_view kOddForm = "Invalid Authorization header format";
constexpr std::string_view kUnknown = "Authentication failed: the API key is not known";

std::unexpected<Error> refused(std::string_view message) {
  return failure(Error::client(ErrorKind::kInvalidApiKey, std::string(message)));
}

}  // namespace

std::size_t ApiKeys::FirstBytes::operator()(const Digest& digest) const {
  std::size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

bool ApiKeys::SameTime::operator()(const Digest& a, const Digest& b) const {
  return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

ApiKeys::ApiKeys(const std::vector<config::ApiKey>& keys) : anonymous_(keys.empty()) {
  if (anonymous_) return;
  // Any number of calls is sound, from any thread.
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be used");
  randombytes_buf(digest_key_.data(), digest_key_.size());
  for (const config::ApiKey& entry : keys) {
    if (entry.role == config::Role::kAdmin) administrators_.push_back(entry.name);
    if (!entry.key.empty()) principals_.try_emplace(digest_of(entry.key.reveal()), entry.name);
  }
}

ApiKeys::Digest ApiKeys::digest_of(std::string_view key) const {
  Digest digest;
  crypto_shorthash_siphashx24(digest.data(), reinterpret_cast<const unsigned char*>(key.data()),
                              key.size(), digest_key_.data());
  return digest;
}

Result<std::string_view> ApiKeys::authenticate(
    std::optional<std::string_view> authorization) const {
  if (anonymous_) return kAnonymous;
  if (!authorization) return refused(kMissing);
  if (!authorization->starts_with(kScheme) || authorization->size() == kScheme.size()) {
    return refused(kOddForm);
  }
  const auto found = principals_.find(digest_of(authorization->substr(kScheme.size())));
  if (found == principals_.end()) return refused(kUnknown);
  return std::string_view(found->second);
}

config::Role ApiKeys::role_of(std::string_view principal) const {
  const bool is_admin =
      anonymous_ || std::ranges::find(administrators_, principal) != administrators_.end();
  return is_admin ? config::Role::kAdmin : config::Role::kInference;
}

}  // namespace penstock::access
