#pragma once

// An inference request: understand it, choose its target, attempt, relay.

#include "core/task.h"
#include "gateway/exchange.h"

namespace penstock::gateway {

// Answers a request of one of the inference routes, or leaves the connection to be cut if no answer
// is possible any more.
Task<void> infer(Exchange& exchange);

}  // namespace penstock::gateway
