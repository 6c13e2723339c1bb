#include "models/keyed_hash.h"

#include <sodium.h>

#include <cstring>
#include <stdexcept>

namespace penstock::models {

static_assert(crypto_shorthash_siphash24_KEYBYTES == 16);

KeyedHash::KeyedHash() {
  // May be called any number of times, from any thread.
  if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be used");
  randombytes_buf(key_.data(), key_.size());
}

std::size_t KeyedHash::operator()(std::string_view text) const {
  std::array<unsigned char, crypto_shorthash_siphash24_BYTES> digest;
  crypto_shorthash_siphash24(digest.data(), reinterpret_cast<const unsigned char*>(text.data()),
                             text.size(), key_.data());
  std::size_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

}  // namespace penstock::models
