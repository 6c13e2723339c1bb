#pragma once

// Health, readiness and metrics: what operators and their tools ask for.

#include <span>

#include "gateway/context.h"
#include "gateway/route.h"

namespace penstock::gateway {

std::span<const RouteRow<Context>> operations_routes();

}  // namespace penstock::gateway
