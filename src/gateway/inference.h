#pragma once

// The way of an inference request: understand it, choose its target, attempt, relay.

#include "core/task.h"
#include "gateway/exchange.h"

namespace penstock::gateway {

// Answers a request of one of the inference routes. Always answers, or leaves the connection to
// be cut where nothing can be answered any more.
Task<void> infer(Exchange& exchange);

}  // namespace penstock::gateway
