#pragma once

// An inference request: understand it, choose its target, attempt, relay.

#include <span>

#include "gateway/context.h"
#include "gateway/route.h"

namespace penstock::gateway {

// The routes whose requests are passed to an upstream.
std::span<const RouteRow<Context>> inference_routes();

}  // namespace penstock::gateway
