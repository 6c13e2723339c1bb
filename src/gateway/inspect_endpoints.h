#pragma once

// What the server says about itself: providers with their health, routes, version. The shapes are
// the reference's (wire notes in docs/compatibility.md).

#include <span>

#include "gateway/context.h"
#include "gateway/route.h"

namespace penstock::gateway {

std::span<const RouteRow<Context>> inspect_routes();

}  // namespace penstock::gateway
