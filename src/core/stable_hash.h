#pragma once

// A hash that is the same on every machine and in every release: what it decides (which upstream
// has a conversation's prompt in its cache) must not change with an update or between nodes.
//
// Words of eight bytes, little-endian, are mixed by a 64x64-bit multiplication whose halves are
// folded, as wyhash does. Not for tables whose keys are chosen by others, nor for secrets.

#include <cstdint>
#include <string_view>

namespace penstock {

// Texts in a row are hashed by passing the hash of the first as the seed of the second.
std::uint64_t stable_hash(std::string_view text, std::uint64_t seed = 0);
std::uint64_t stable_mix(std::uint64_t a, std::uint64_t b);

}  // namespace penstock
