#pragma once

// Identifiers of what the store holds.

#include "core/clock.h"
#include "store/records.h"

namespace penstock::store {

// A new one: 48 bits of time in milliseconds and 80 random bits, as 26 characters of Crockford's
// base 32 (the ULID specification). Those of later milliseconds sort after earlier ones. Any
// thread. Throws std::runtime_error if libsodium cannot be used.
Id make_id(WallTime now);

}  // namespace penstock::store
