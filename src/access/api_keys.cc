#include "access/api_keys.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

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

// The algorithm is fetched once: a fetch for every call would take locks and allocate.
struct ApiKeys::DigestContext {
  DigestContext()
      : algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context(EVP_MD_CTX_new()) {}
  ~DigestContext() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(algorithm);
  }
  DigestContext(const DigestContext&) = delete;
  DigestContext& operator=(const DigestContext&) = delete;

  EVP_MD* algorithm;
  EVP_MD_CTX* context;
};

std::size_t ApiKeys::FirstBytes::operator()(const Digest& digest) const {
  std::size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

bool ApiKeys::SameTime::operator()(const Digest& a, const Digest& b) const {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

ApiKeys::ApiKeys(const std::vector<config::ApiKey>& keys) : anonymous_(keys.empty()) {
  if (anonymous_) return;
  context_ = std::make_unique<DigestContext>();
  if (context_->algorithm == nullptr || context_->context == nullptr) {
    throw std::runtime_error("OpenSSL offers no SHA-256");
  }
  if (RAND_bytes(prefix_.data(), static_cast<int>(prefix_.size())) != 1) {
    throw std::runtime_error("OpenSSL gives no random bytes");
  }
  for (const config::ApiKey& entry : keys) {
    if (entry.key.empty()) continue;
    const std::optional<Digest> digest = digest_of(entry.key.reveal());
    if (!digest) throw std::runtime_error("OpenSSL cannot compute SHA-256");
    principals_.try_emplace(*digest, entry.name);
  }
}

ApiKeys::~ApiKeys() = default;
ApiKeys::ApiKeys(ApiKeys&&) noexcept = default;
ApiKeys& ApiKeys::operator=(ApiKeys&&) noexcept = default;

std::optional<ApiKeys::Digest> ApiKeys::digest_of(std::string_view key) {
  Digest digest;
  unsigned length = 0;
  EVP_MD_CTX* context = context_->context;
  if (EVP_DigestInit_ex2(context, context_->algorithm, nullptr) != 1 ||
      EVP_DigestUpdate(context, prefix_.data(), prefix_.size()) != 1 ||
      EVP_DigestUpdate(context, key.data(), key.size()) != 1 ||
      EVP_DigestFinal_ex(context, digest.data(), &length) != 1 || length != digest.size()) {
    return std::nullopt;
  }
  return digest;
}

Result<std::string_view> ApiKeys::authenticate(std::optional<std::string_view> authorization) {
  if (anonymous_) return kAnonymous;
  if (!authorization) return refused(kMissing);
  if (!authorization->starts_with(kScheme) || authorization->size() == kScheme.size()) {
    return refused(kOddForm);
  }
  const std::optional<Digest> digest = digest_of(authorization->substr(kScheme.size()));
  if (!digest) {
    return failure(Error::gateway(ErrorKind::kInternal, "the API key could not be checked"));
  }
  const auto found = principals_.find(*digest);
  if (found == principals_.end()) return refused(kUnknown);
  return std::string_view(found->second);
}

}  // namespace penstock::access
