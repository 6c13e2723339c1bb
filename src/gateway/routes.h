#pragma once

// All routes of this room.

#include <vector>

#include "gateway/explain_endpoint.h"
#include "gateway/inspect_endpoints.h"
#include "gateway/model_services.h"
#include "gateway/operations_endpoints.h"
#include "gateway/reload_endpoint.h"
#include "gateway/route.h"
#include "gateway/upstreams.h"

namespace penstock::gateway {

// What the functions of each table need of a thread.
struct RouteServices {
  // All of it outlives the services; none of it is used before a request is answered.
  struct Parts {
    Upstreams upstreams;
    models::Registry& registry;
    ModelList& model_list;
    const RouteTable& routes;
    const config::Server& server;
    const Readiness& readiness;
    net::LoopPulse& pulse;  // of all threads
    telemetry::Metrics& metrics;
    telemetry::MetricsShard& shard;  // of the thread
    const telemetry::AccessLog& access_log;
    Reloader* reloader = nullptr;  // null: nobody can reload
  };
  explicit RouteServices(const Parts& parts);

  Upstreams upstreams;
  ModelServices models;
  InspectServices inspect;
  OperationsServices operations;
  ExplainServices explain;
  ReloadServices reload;
};

// Bound to a thread's services, which outlive them. Null: only to be looked at.
std::vector<ServedRoute> routes(const RouteServices* services);

}  // namespace penstock::gateway
