#pragma once

// The routes of all rooms, put together.

#include <string>
#include <vector>

#include "gateway/route_table.h"
#include "gateway/routes.h"

namespace penstock::app {

// The table of one thread, bound to its services, which outlive it.
gateway::RouteTable routes_of(const gateway::RouteServices& services);

// The labels of a table's endpoints, in its order.
std::vector<std::string> route_labels();

}  // namespace penstock::app
