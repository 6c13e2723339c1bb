#pragma once

// Affinity: requests with one key go to one target, whose cache of prompts knows them.
//
// Rendezvous hashing: for each key, the members of a group have an order that follows from the
// key, the members' identities and their configured weights alone. There is no table, and every
// node and release gives the same answer. When a member leaves, only its keys move. A member that
// has more than its share in flight is passed over (bounded load).

#include <cstddef>
#include <cstdint>

#include "routing/router.h"

namespace penstock::routing {

// The member that the key prefers among `candidates`, which are not empty.
std::size_t preferred_member(const ModelRoute& route, ModelRoute::Mask candidates,
                             std::uint64_t key);
// The same, without those that are overloaded: in flight they have more than 1.25 times their share
// of all that the candidates have, and one.
std::size_t affine_member(const ModelRoute& route, ModelRoute::Mask candidates, std::uint64_t key);

}  // namespace penstock::routing
