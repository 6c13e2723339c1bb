#pragma once

// A request that is passed to an upstream: understand it, choose where it goes, attempt, relay.

#include "core/result.h"
#include "core/task.h"
#include "gateway/exchange.h"
#include "gateway/route_table.h"
#include "gateway/upstreams.h"

namespace penstock::gateway {

// An error after the head of an answer was sent can only be told within a stream.
Task<Status> pass(const Upstreams& upstreams, Exchange& exchange, const RouteMatch& match);

// The same for a path that no route knows, under a provider's prefix.
Task<Status> pass_any_path(const Upstreams& upstreams, Exchange& exchange, const RouteMatch& match);

}  // namespace penstock::gateway
