#pragma once

// What binds a conversation to the upstream that had its first part: ids of objects that only it
// stores, and items that only it can open.
//
// Both are known by a digest. Of what is sealed, the first bytes and the length are enough: it is
// random, and may be long. All texts are meant unescaped, so that it does not matter how a client
// spells what it has been sent.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/stable_hash.h"

namespace penstock::wire {

inline constexpr std::size_t kSealedBytes = 64;

StableDigest digest_of_id(std::string_view id);
StableDigest digest_of_sealed(std::string_view content);

// Who has what an id names.
enum class PinnedTo : std::uint8_t {
  kTarget,    // the upstream with that model
  kProvider,  // the upstream, whatever the model: files, batches, containers, …
};

struct PinnedId {
  StableDigest digest;
  PinnedTo to = PinnedTo::kTarget;

  friend bool operator==(const PinnedId&, const PinnedId&) = default;
};

// The ids that a whole answer, or the data of an event of one, tells for the first time: of a
// response and its items, of an object that was created, and the signatures and sealed items of
// both APIs. A text that is no JSON object has none. Not more than kPinnedIdsMax.
inline constexpr std::size_t kPinnedIdsMax = 1024;
std::vector<PinnedId> ids_of_answer(std::string_view text);

}  // namespace penstock::wire
