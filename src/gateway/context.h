#pragma once

// Context: what one thread's gateway works with. Everything in it belongs to that thread or is safe
// to share; an inference request takes no lock.

#include <atomic>
#include <memory>
#include <vector>

#include "access/api_keys.h"
#include "access/cors.h"
#include "config/settings.h"
#include "core/clock.h"
#include "core/memory_trimmer.h"
#include "core/secret_guard.h"
#include "gateway/route_table.h"
#include "http/field_block.h"
#include "http/scratch.h"
#include "models/catalog.h"
#include "models/registry.h"
#include "net/event_loop.h"
#include "net/signal.h"
#include "providers/passthrough.h"
#include "telemetry/access_log.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace penstock::gateway {

struct Context {
  const config::Settings& settings;
  net::EventLoop& loop;
  http::ScratchPool& scratch;
  Random& random;
  MemoryTrimmer& memory;
  models::Registry& registry;
  telemetry::Log& log;
  telemetry::Metrics& metrics;
  telemetry::MetricsShard& shard;
  const telemetry::AccessLog& access_log;
  telemetry::AccessLogShard& access_log_shard;
  const SecretGuard& secrets;      // of the operator's credentials
  const std::atomic<bool>& ready;  // the upstreams have been asked for their models once

  access::ApiKeys keys;
  std::vector<std::unique_ptr<providers::Passthrough>> providers;  // in the order of the settings
  // Replaced on this thread when the registry publishes.
  std::shared_ptr<const models::Catalog> catalog;
  // Set while a catalog's list is rendered on this thread; raised when that has ended.
  std::shared_ptr<net::Signal> rendering = nullptr;
  std::unique_ptr<const RouteTable> routes = nullptr;  // its handlers refer to this object
  bool draining = false;
  // Tells browsers to use only TLS; may be empty.
  http::FieldBlock transport_security = {};
  std::unique_ptr<const access::Cors> cors = nullptr;  // null: no page is told that it may
};

}  // namespace penstock::gateway
