#pragma once

// The routes of all rooms, put together.

#include <memory>
#include <string>
#include <vector>

#include "gateway/context.h"
#include "gateway/route_table.h"

namespace penstock::app {

// The table of one thread, bound to its services, which outlive it.
std::unique_ptr<const gateway::RouteTable> make_routes(gateway::Context& context);

// The labels of a table's endpoints, in its order.
std::vector<std::string> route_labels();

}  // namespace penstock::app
