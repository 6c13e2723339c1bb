#pragma once

// Worker: one I/O thread and everything that belongs to it.
//
// It is a list of parts: the loop and its poller, connections to upstreams, the server for clients.
// Members are in the order of their dependence, and are destroyed in reverse. After start() only
// the worker's thread uses the parts; the public members may be called from any thread.

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "config/settings.h"
#include "core/memory_trimmer.h"
#include "core/secret_guard.h"
#include "gateway/gateway.h"
#include "gateway/model_list.h"
#include "gateway/readiness.h"
#include "gateway/route_table.h"
#include "gateway/routes.h"
#include "gateway/target_checks.h"
#include "http/server.h"
#include "http/upstream_limit.h"
#include "models/refresher.h"
#include "models/registry.h"
#include "net/connector.h"
#include "net/epoll_poller.h"
#include "net/event_loop.h"
#include "net/listener.h"
#include "net/resolver.h"
#include "net/task_group.h"
#include "providers/provider.h"
#include "routing/pins.h"
#include "routing/plan.h"
#include "routing/router.h"
#include "telemetry/access_log.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace penstock::app {

// What all workers share; owned by the Service.
struct Shared {
  const config::Settings& settings;
  const telemetry::SettingsLabels& labels;  // of the settings
  MemoryTrimmer& memory;
  const SecretGuard& secrets;  // of the operator's credentials
  telemetry::Log& log;
  telemetry::Metrics& metrics;
  telemetry::AccessLog& access_log;
  models::Registry& registry;
  const std::shared_ptr<const routing::Router>& router;  // null: no model has several upstreams
  routing::Pins* pins;                                   // null: there is one provider
  net::LookupThreads& lookups;                           // of the operator's hosts
  net::LookupThreads& caller_lookups;                    // of hosts that callers name
  const net::TlsContext* server_tls;                     // null: plain
  const std::vector<net::TlsContext>& client_tls;        // by provider
  // By provider; null: no limit.
  const std::vector<std::unique_ptr<http::UpstreamLimit>>& upstream_limits;
  http::ConnectionCount& connections;
  http::BodyBudget& bodies;
  const std::atomic<bool>& ready;
};

class Worker {
 public:
  explicit Worker(const Shared& shared);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Opens this worker's share of the address; called before start(), by the starting thread.
  Result<net::SocketAddress> listen(const net::SocketAddress& address);

  void start();
  // Starts to accept clients.
  void serve();
  // Asks the upstreams for their models, from this worker; `all_asked` is called when each of them
  // has answered or failed once. The same worker makes the regular checks of targets.
  void keep_models_fresh(std::function<void()> all_asked);

  void publish(std::shared_ptr<const models::Catalog> catalog);
  void drain(std::chrono::milliseconds limit);
  void stop();
  void join();

 private:
  void run_on_loop(std::function<void()> function) { loop_.post(std::move(function)); }
  void spawn_end(std::chrono::milliseconds limit);
  Task<void> end(std::chrono::milliseconds limit);
  Task<void> wait_until_quiet(net::Deadline& deadline);
  Task<void> housekeeping();

  const Shared& shared_;
  SystemClock clock_;
  SeededRandom random_;
  net::EpollPoller poller_;
  net::EventLoop loop_;
  net::SystemResolver resolver_;
  net::SocketConnector connector_;
  http::ScratchPool scratch_;
  http::ServerLimits server_limits_;
  telemetry::AccessLogShard access_log_shard_;
  telemetry::MetricsShard& shard_;
  std::vector<std::unique_ptr<providers::Provider>> providers_;  // in the order of the settings
  gateway::Readiness readiness_;
  std::shared_ptr<const models::Catalog> catalog_;
  std::shared_ptr<routing::Chooser> chooser_;  // null: as the router
  gateway::ModelList model_list_;
  const gateway::RouteServices services_;
  const gateway::RouteTable routes_;
  gateway::Gateway gateway_;
  models::Refresher refresher_;
  gateway::TargetChecks checks_;
  std::size_t providers_to_ask_ = 0;
  net::Signal stopping_;  // raised at the end of the drain: background tasks end
  net::Signal cut_;       // raised by stop(): the drain ends at once
  bool ending_ = false;
  std::unique_ptr<http::Server> server_;
  net::TaskGroup background_;
  net::TaskGroup ends_;
  std::thread thread_;
};

}  // namespace penstock::app
