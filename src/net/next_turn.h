#pragma once

// Letting others have their turn in the middle of long work.

#include "core/task.h"
#include "net/event_loop.h"

namespace penstock::net {

// Suspends until the loop has looked for events, and all that is ready has had its turn.
Task<void> next_turn(EventLoop& loop);

}  // namespace penstock::net
