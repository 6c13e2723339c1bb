#pragma once

// Identifies a request's principal by the API key in its Authorization, x-api-key or api-key field.
//
// Keys are stored as 128-bit SipHash-2-4 digests (Aumasson, Bernstein: "SipHash: a fast short-input
// PRF"), keyed with random bytes that are drawn at construction and never leave this object, and
// are looked up by digest. To pass for a key, another text would have to match a digest that nobody
// outside can compute: one chance in 2^128 a try. The time of a look-up depends only on such a
// digest, so it reveals neither the number of keys nor how much of one was guessed. A call
// allocates nothing unless it fails.
//
// A key of which the configuration has only the SHA-256 is looked up by that, after the others. Who
// guesses can compute it, too; that leads to the key only if the key itself can be guessed.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "access/permissions.h"
#include "config/settings.h"
#include "core/result.h"
#include "http/head.h"

namespace penstock::access {

// The values of a request's fields that can carry a key. A field without a key is ignored: clients
// send such fields if a setting of theirs is empty.
class Credentials {
 public:
  Credentials() = default;
  // Those of `fields`: OpenAI's clients send Authorization, Anthropic's x-api-key, Azure's api-key.
  explicit Credentials(const http::Fields& fields);

  // "Bearer", in any case, spaces and a key (RFC 9110 sections 11.1 and 11.4).
  void add_authorization(std::string_view value);
  // A key and nothing else.
  void add_key(std::string_view value);

 private:
  friend class ApiKeys;

  std::string_view key_;
  bool found_ = false;
  bool malformed_ = false;  // an Authorization of another form
  bool has_empty_ = false;  // an Authorization without a key
  bool differ_ = false;     // two fields with different keys
};

// Who a request comes from.
struct Principal {
  std::string name;  // the key's, or `anonymous`
  // What it may do. If no keys are configured, everybody may do everything.
  config::Role role = config::Role::kInference;
  bool is_anonymous = false;
  std::size_t position = 0;  // of the key in server.api_keys; not of anonymous
  Permissions permissions = {};
  std::optional<WallTime> expires = std::nullopt;
};

class ApiKeys {
 public:
  // Of a key that is known by its SHA-256. A longer text is none: hashing what strangers send costs
  // time.
  static constexpr std::size_t kHashedKeyBytesMax = 4096;

  // `keys` is server.api_keys. If it is empty, everybody is admitted; if not, an entry with an
  // empty key admits nobody, and of two entries with the same key the first counts. Throws
  // std::runtime_error if libsodium cannot be used: a failed start.
  explicit ApiKeys(const std::vector<config::ApiKey>& keys, const config::Owners& owners = {});

  bool allows_anonymous() const { return anonymous_.has_value(); }

  // The principal, which is never null and lives as long as this object. A request whose fields
  // have different keys is refused, even if one of them is known: the choice would be arbitrary.
  // Fails with kInvalidApiKey; the message never contains any part of a value.
  Result<const Principal*> authenticate(const Credentials& credentials) const;

 private:
  using Digest = std::array<unsigned char, 16>;

  // A digest is uniformly distributed: its first bytes are a good hash.
  struct FirstBytes {
    template <std::size_t Bytes>
    std::size_t operator()(const std::array<unsigned char, Bytes>& digest) const {
      std::size_t hash = 0;
      std::memcpy(&hash, digest.data(), sizeof hash);
      return hash;
    }
  };
  struct SameTime {
    template <std::size_t Bytes>
    bool operator()(const std::array<unsigned char, Bytes>& a,
                    const std::array<unsigned char, Bytes>& b) const {
      return are_same(a, b);
    }
  };
  static bool are_same(std::span<const unsigned char> a, std::span<const unsigned char> b);

  Digest digest_of(std::string_view key) const;
  Result<const Principal*> find_hashed(std::string_view key) const;

  std::optional<Principal> anonymous_;  // everybody's, if no keys are configured
  std::array<unsigned char, 16> digest_key_{};
  std::unordered_map<Digest, Principal, FirstBytes, SameTime> principals_;
  // Those of which only the SHA-256 is known.
  std::unordered_map<config::KeyHash, Principal, FirstBytes, SameTime> hashed_;
};

}  // namespace penstock::access
