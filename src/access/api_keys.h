#pragma once

// Who a request comes from, told by the API key in its Authorization, x-api-key or api-key field.
//
// Keys are kept as digests by SipHash-2-4 of 128 bits (Aumasson, Bernstein: "SipHash: a fast
// short-input PRF"), keyed with random bytes that are drawn at construction and never leave this
// object, and looked up by digest. To be taken for a key, another text would have to meet a digest
// that nobody outside can compute: one chance in 2^128 a try. What the time of a look-up could tell
// is a property of such a digest, so neither the number of keys nor how much of one was guessed
// shows. A call allocates nothing unless it fails.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/settings.h"
#include "core/result.h"
#include "http/head.h"

namespace penstock::access {

// The values of one request's fields that can carry a key. One without a key says nothing: clients
// send such fields where a setting of theirs is empty.
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
  bool malformed_ = false;  // an Authorization that is of another form
  bool has_empty_ = false;  // an Authorization without a key
  bool differ_ = false;     // two fields, two keys
};

class ApiKeys {
 public:
  // The principal of everybody where no keys are configured.
  static constexpr std::string_view kAnonymous = "anonymous";

  // `keys` is server.api_keys. Where it is empty everybody may come in; where it is not, an entry
  // with an empty key lets nobody in, and of two entries with the same key the first counts. Throws
  // std::runtime_error where libsodium cannot be used: a failed start.
  explicit ApiKeys(const std::vector<config::ApiKey>& keys);

  bool allows_anonymous() const { return anonymous_; }

  // The principal, a view that lives as long as this object. A request whose fields have different
  // keys is refused, even where one of them is known: it is not for us to choose who asks. Fails
  // with kInvalidApiKey; the message never contains any of a value.
  Result<std::string_view> authenticate(const Credentials& credentials) const;

  // What a principal may do. Everybody may do everything where no keys are configured, and one who
  // is not known may do least.
  config::Role role_of(std::string_view principal) const;

 private:
  using Digest = std::array<unsigned char, 16>;

  // A digest is uniformly distributed: its first bytes are a good hash.
  struct FirstBytes {
    std::size_t operator()(const Digest& digest) const;
  };
  struct SameTime {
    bool operator()(const Digest& a, const Digest& b) const;
  };

  Digest digest_of(std::string_view key) const;

  bool anonymous_;
  std::array<unsigned char, 16> digest_key_{};
  std::unordered_map<Digest, std::string, FirstBytes, SameTime> principals_;
  std::vector<std::string> administrators_;
};

}  // namespace penstock::access
