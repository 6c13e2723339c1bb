#pragma once

// All routes of this room.

#include <vector>

#include "gateway/context.h"
#include "gateway/route.h"

namespace penstock::gateway {

// Bound to a thread's context, which outlives them. Null: only to be looked at.
std::vector<ServedRoute> routes(Context* context);

}  // namespace penstock::gateway
