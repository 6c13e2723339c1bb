#pragma once

// Giving others their turn in the middle of long work.

#include "core/task.h"
#include "net/event_loop.h"

namespace penstock::net {

// Suspends until the loop has polled for events and everything ready has run.
Task<void> next_turn(EventLoop& loop);

}  // namespace penstock::net
