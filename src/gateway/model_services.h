#pragma once

// What the endpoints about models need of their thread.

#include "gateway/model_list.h"
#include "gateway/upstreams.h"
#include "models/registry.h"
#include "telemetry/metrics_shard.h"

namespace penstock::gateway {

struct ModelServices {
  Upstreams upstreams;
  models::Registry& registry;
  ModelList& list;
  telemetry::MetricsShard& shard;
};

}  // namespace penstock::gateway
