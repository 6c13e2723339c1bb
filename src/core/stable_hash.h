#pragma once

// A hash that is the same on every machine and in every release: what it decides (which upstream
// has a conversation's prompt in its cache) must not change with an update or between nodes.
//
// It is XXH64 (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md). Anybody can compute it: not
// for the buckets of tables whose keys are chosen by others, nor for secrets.

#include <compare>
#include <cstdint>
#include <string_view>

namespace penstock {

// Texts in a row are hashed by passing the hash of the first as the seed of the second.
std::uint64_t stable_hash(std::string_view text, std::uint64_t seed = 0);

// Two hashes into one, in which each bit depends on all of theirs; their order matters. By a
// multiplication whose halves are folded, as wyhash does.
std::uint64_t stable_mix(std::uint64_t a, std::uint64_t b);

// 128 bits: two texts with one digest do not occur by chance.
struct StableDigest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend auto operator<=>(const StableDigest&, const StableDigest&) = default;
};

// The hashes with the seeds `seed` and `seed` + 1.
StableDigest stable_digest(std::string_view text, std::uint64_t seed = 0);

}  // namespace penstock
