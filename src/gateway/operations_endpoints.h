#pragma once

// Health, readiness and metrics: what operators and their tools ask for.

#include <span>

#include "config/settings.h"
#include "gateway/readiness.h"
#include "gateway/route.h"
#include "gateway/upstreams.h"
#include "models/registry.h"
#include "net/loop_pulse.h"
#include "telemetry/access_log.h"
#include "telemetry/metrics.h"

namespace penstock::gateway {

struct OperationsServices {
  const Upstreams upstreams;
  const models::Registry& registry;
  const config::Server& server;
  const Readiness& readiness;
  net::LoopPulse& pulse;  // of all threads
  telemetry::Metrics& metrics;
  const telemetry::AccessLog& access_log;
};

std::span<const RouteRow<OperationsServices>> operations_routes();

}  // namespace penstock::gateway
