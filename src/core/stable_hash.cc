#include "core/stable_hash.h"

#include <array>
#include <bit>
#include <cstddef>

namespace penstock {
namespace {

constexpr std::uint64_t kPrime1 = 0x9E3779B185EBCA87;
constexpr std::uint64_t kPrime2 = 0xC2B2AE3D27D4EB4F;
constexpr std::uint64_t kPrime3 = 0x165667B19E3779F9;
constexpr std::uint64_t kPrime4 = 0x85EBCA77C2B2AE63;
constexpr std::uint64_t kPrime5 = 0x27D4EB2F165667C5;

constexpr std::size_t kLane = 8;
constexpr std::size_t kStripe = 4 * kLane;

// The first `bytes` of `text`, the lowest first.
std::uint64_t little_endian(std::string_view text, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i > 0; --i) {
    value = value << 8 | static_cast<unsigned char>(text[i - 1]);
  }
  return value;
}

constexpr std::uint64_t round(std::uint64_t accumulator, std::uint64_t lane) {
  return std::rotl(accumulator + lane * kPrime2, 31) * kPrime1;
}

constexpr std::uint64_t merge(std::uint64_t hash, std::uint64_t accumulator) {
  return (hash ^ round(0, accumulator)) * kPrime1 + kPrime4;
}

// Takes all whole stripes from the front of `text`.
std::uint64_t take_stripes(std::string_view& text, std::uint64_t seed) {
  std::array<std::uint64_t, 4> lanes = {seed + kPrime1 + kPrime2, seed + kPrime2, seed,
                                        seed - kPrime1};
  while (text.size() >= kStripe) {
    for (std::uint64_t& lane : lanes) {
      lane = round(lane, little_endian(text, kLane));
      text.remove_prefix(kLane);
    }
  }
  std::uint64_t hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) +
                       std::rotl(lanes[3], 18);
  for (const std::uint64_t lane : lanes) hash = merge(hash, lane);
  return hash;
}

}  // namespace

std::uint64_t stable_hash(std::string_view text, std::uint64_t seed) {
  const std::size_t size = text.size();
  std::uint64_t hash = size < kStripe ? seed + kPrime5 : take_stripes(text, seed);
  hash += size;
  for (; text.size() >= kLane; text.remove_prefix(kLane)) {
    hash = std::rotl(hash ^ round(0, little_endian(text, kLane)), 27) * kPrime1 + kPrime4;
  }
  if (text.size() >= kLane / 2) {
    hash = std::rotl(hash ^ little_endian(text, kLane / 2) * kPrime1, 23) * kPrime2 + kPrime3;
    text.remove_prefix(kLane / 2);
  }
  for (; !text.empty(); text.remove_prefix(1)) {
    hash = std::rotl(hash ^ little_endian(text, 1) * kPrime5, 11) * kPrime1;
  }
  hash = (hash ^ hash >> 33) * kPrime2;
  hash = (hash ^ hash >> 29) * kPrime3;
  return hash ^ hash >> 32;
}

std::uint64_t stable_mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{a ^ kPrime1} * (b ^ kPrime2);
  return static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product);
}

StableDigest stable_digest(std::string_view text, std::uint64_t seed) {
  return {stable_hash(text, seed), stable_hash(text, seed + 1)};
}

}  // namespace penstock
