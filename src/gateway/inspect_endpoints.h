#pragma once

// What the server says about itself: providers with their health, routes, version. The shapes are
// the reference's (wire notes in docs/compatibility.md); `targets` is beside them.

#include <memory>
#include <span>
#include <vector>

#include "config/settings.h"
#include "gateway/route.h"
#include "gateway/route_table.h"
#include "models/registry.h"
#include "routing/plan.h"

namespace penstock::gateway {

struct InspectServices {
  const std::vector<config::Provider>& providers;
  const std::shared_ptr<routing::Chooser>& chooser;  // null: no model has several upstreams
  const models::Registry& registry;
  const RouteTable& routes;
};

std::span<const RouteRow<InspectServices>> inspect_routes();

}  // namespace penstock::gateway
