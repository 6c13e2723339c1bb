#pragma once

// A request that is passed to an upstream: understand it, choose its target, attempt, relay.

#include "core/task.h"
#include "gateway/context.h"
#include "gateway/exchange.h"
#include "gateway/route_table.h"

namespace penstock::gateway {

// Answers the request, or leaves the connection to be cut if no answer is possible any more.
Task<void> pass(Context& context, Exchange& exchange, const RouteMatch& match);

// The same for a path that no route knows, under a provider's prefix.
Task<void> pass_any_path(Context& context, Exchange& exchange, const RouteMatch& match);

}  // namespace penstock::gateway
