#pragma once

// Health, readiness and metrics: what operators and their tools ask for.

#include <span>

#include "gateway/readiness.h"
#include "gateway/route.h"
#include "telemetry/access_log.h"
#include "telemetry/metrics.h"

namespace penstock::gateway {

struct OperationsServices {
  const Readiness& readiness;
  telemetry::Metrics& metrics;
  const telemetry::AccessLog& access_log;
};

std::span<const RouteRow<OperationsServices>> operations_routes();

}  // namespace penstock::gateway
