#pragma once

// POST /penstock/explain-route: where a request would go, for operators.
//
// The request is the one in question, with its own head and body. `?path=` is the path that it
// would be sent to (/v1/chat/completions if it says none), `?model=` its model where the body names
// none. The answer is JSON, or a table for `Accept: text/plain`. Nothing is sent to an upstream,
// and nothing changes.

#include <span>

#include "gateway/route.h"
#include "gateway/route_table.h"
#include "gateway/upstreams.h"

namespace penstock::gateway {

struct ExplainServices {
  Upstreams upstreams;
  const RouteTable& routes;
};

std::span<const RouteRow<ExplainServices>> explain_routes();

}  // namespace penstock::gateway
