#pragma once

// WorkerGeneration: one configuration, as one I/O thread serves it: the providers with the thread's
// connections, the routes, the gateway that handles requests, and the background tasks.
//
// Created and destroyed on its thread. A request begins and ends with the same one, so an earlier
// one lives until its gateway is quiet. Members are in the order of their dependence.

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "app/generation.h"
#include "core/clock.h"
#include "core/memory_trimmer.h"
#include "core/task.h"
#include "gateway/gateway.h"
#include "gateway/model_list.h"
#include "gateway/open_exchanges.h"
#include "gateway/readiness.h"
#include "gateway/route_table.h"
#include "gateway/routes.h"
#include "gateway/target_checks.h"
#include "http/scratch.h"
#include "models/catalog.h"
#include "models/refresher.h"
#include "net/connector.h"
#include "net/event_loop.h"
#include "net/signal.h"
#include "net/task_group.h"
#include "providers/provider.h"
#include "routing/plan.h"
#include "telemetry/access_log.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace penstock::app {

class WorkerGeneration {
 public:
  // The thread's own, and what threads share for as long as the process runs. All of it outlives
  // the generation.
  struct Environment {
    gateway::ListenerKind listener;  // that its requests come from
    net::EventLoop& loop;
    net::Connector& connector;
    http::ScratchPool& scratch;
    Random& random;
    limits::Estimator& estimator;
    MemoryTrimmer& memory;
    gateway::Readiness& readiness;
    gateway::OpenExchanges& open_exchanges;  // of the thread
    telemetry::Log& log;
    telemetry::Metrics& metrics;
    telemetry::MetricsShard& shard;
    net::LoopPulse& pulse;        // of all threads
    gateway::Reloader* reloader;  // null: nobody can reload
  };

  // `earlier`, the one that this one follows on the same thread, gives its connections to upstreams
  // that are the same; null: there is none.
  WorkerGeneration(const Environment& environment, std::shared_ptr<Generation> generation,
                   const WorkerGeneration* earlier);
  WorkerGeneration(const WorkerGeneration&) = delete;
  WorkerGeneration& operator=(const WorkerGeneration&) = delete;

  const Generation& generation() const { return *generation_; }
  gateway::Gateway& gateway() { return gateway_; }

  void publish(std::shared_ptr<const models::Catalog> catalog);
  // Asks the upstreams for their models, now and regularly; `all_asked` is called when each of them
  // has answered or failed once. Also makes the regular checks of targets.
  void keep_models_fresh(std::function<void()> all_asked);
  // Ends these tasks.
  Task<void> end_background();

  // Writes out the access log's lines, and closes connections to upstreams that have rested for too
  // long; returns how many still rest.
  std::size_t tidy();
  void flush_access_log() { access_log_shard_.flush(); }
  // Closes the resting connections; or only those that no other generation has.
  void close_idle();
  void close_own_idle();

 private:
  using Providers = std::vector<std::unique_ptr<providers::Provider>>;

  Providers make_providers(const WorkerGeneration* earlier) const;
  std::shared_ptr<providers::OriginPools> pools_of(std::size_t provider,
                                                   const WorkerGeneration* earlier) const;

  const Environment environment_;
  const std::shared_ptr<Generation> generation_;
  telemetry::AccessLogShard access_log_shard_;
  const Providers providers_;  // in the order of the settings
  std::shared_ptr<const models::Catalog> catalog_;
  std::shared_ptr<routing::Chooser> chooser_;  // null: as the router
  gateway::ModelList model_list_;
  const gateway::RouteServices services_;
  const gateway::RouteTable routes_;
  gateway::Gateway gateway_;
  models::Refresher refresher_;
  gateway::TargetChecks checks_;
  std::size_t providers_to_ask_ = 0;
  net::Signal ending_;  // of the background tasks
  net::TaskGroup background_;
};

}  // namespace penstock::app
