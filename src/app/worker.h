#pragma once

// Worker: one I/O thread and everything that belongs to it.
//
// It is a list of parts: the loop and its poller, the server for clients, and the configuration
// that the thread serves (app/worker_generation.h). Members are in the order of their dependence,
// and are destroyed in reverse. After start() only the worker's thread uses the parts; the public
// members may be called from any thread.
//
// A configuration comes in two steps: prepare() makes it ready beside the one that serves, and
// serve_prepared() lets new requests have it. Those that are open end with the one that they began
// with.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "app/generation.h"
#include "app/listening_place.h"
#include "app/worker_generation.h"
#include "core/clock.h"
#include "core/memory_trimmer.h"
#include "gateway/open_exchanges.h"
#include "gateway/readiness.h"
#include "http/server.h"
#include "net/connector.h"
#include "net/epoll_poller.h"
#include "net/event_loop.h"
#include "net/listener.h"
#include "net/loop_pulse.h"
#include "net/resolver.h"
#include "net/task_group.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace penstock::app {

// What workers of one listener share for as long as the process runs; owned by the Service.
struct Shared {
  // Whom they serve: clients, and operators with them or not; or, the one worker of the admin
  // listener, operators.
  enum class Role : std::uint8_t { kData, kAdmin };

  Role role;
  MemoryTrimmer& memory;
  telemetry::Log& log;
  telemetry::Metrics& metrics;
  net::LookupThreads& lookups;         // of the operator's hosts
  net::LookupThreads& caller_lookups;  // of hosts that callers name
  http::ConnectionCount& connections;
  http::BodyBudget& bodies;
  const std::atomic<bool>& ready;
  gateway::Reloader* reloader;  // null: nobody can reload
  net::LoopPulse& pulse;        // of all threads
};

class Worker {
 public:
  explicit Worker(const Shared& shared);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Opens this worker's share of the place; called before start(), by the starting thread.
  Status listen(ListeningPlace& place, const config::Server& server);

  void start();
  // `done` is called on the worker's thread. The order of calls is kept.
  void prepare(std::shared_ptr<Generation> generation, std::function<void()> done);
  // Asks the upstreams of the prepared configuration for their models, from this worker, now and
  // for as long as it serves; `all_asked` is called when each of them has answered or failed once.
  // The same worker makes the regular checks of targets.
  void keep_prepared_models_fresh(std::function<void()> all_asked);
  // The first call also begins to accept clients.
  void serve_prepared(std::function<void()> done);

  // Of the generation with that number.
  void publish(std::uint64_t generation, std::shared_ptr<const models::Catalog> catalog);
  // From now on it says that it is not ready, and asks its clients to go elsewhere.
  void leave();
  // Leaves; after the delay it takes no new work, and ends when open work has ended, or at the
  // limit (zero: none).
  void drain(const config::Drain& drain, std::chrono::milliseconds limit);
  void stop();
  void join();

 private:
  // Passes what the server receives to the configuration that serves at that moment.
  class CurrentGateway final : public http::Handler {
   public:
    explicit CurrentGateway(Worker& worker) : worker_(worker) {}

    Task<void> handle(http::ServerExchange& exchange) override {
      return gateway().handle(exchange);
    }
    http::Refusal refuse(const Error& error, const net::SocketAddress& peer,
                         std::string_view target) override {
      return gateway().refuse(error, peer, target);
    }
    void handshake_failed(TlsFailure failure, const Error& error,
                          const net::SocketAddress& peer) override {
      gateway().handshake_failed(failure, error, peer);
    }
    void proxy_header_failed(ProxyHeaderFailure failure, const net::SocketAddress& peer) override {
      gateway().proxy_header_failed(failure, peer);
    }
    void limit_hit(Limit limit) override { gateway().limit_hit(limit); }
    void connection_opened() override { gateway().connection_opened(); }
    void connection_closed() override { gateway().connection_closed(); }

   private:
    gateway::Gateway& gateway() { return worker_.serving_->gateway(); }

    Worker& worker_;
  };

  void run_on_loop(std::function<void()> function) { loop_.post(std::move(function)); }
  gateway::ListenerKind listener_kind(const config::Settings& settings) const;
  const net::TlsContext* tls_of(const Generation& generation) const;
  void begin_to_serve();
  Task<void> retire(std::unique_ptr<WorkerGeneration> earlier);
  void spawn_end(std::chrono::milliseconds delay, std::chrono::milliseconds limit);
  Task<void> end(std::chrono::milliseconds delay, std::chrono::milliseconds limit);
  Task<void> wait_until_quiet(net::Deadline& deadline);
  std::size_t tidy();
  Task<void> housekeeping();

  const Shared& shared_;
  SystemClock clock_;
  SeededRandom random_;
  limits::Estimator estimator_;  // of requests, by what earlier ones have used
  net::EpollPoller poller_;
  net::EventLoop loop_;
  net::SystemResolver resolver_;
  net::SocketConnector connector_;
  http::ScratchPool scratch_;
  http::ServerLimits server_limits_;
  http::TrustedPeers trusted_peers_;
  telemetry::MetricsShard& shard_;
  gateway::Readiness readiness_;
  gateway::OpenExchanges open_exchanges_;
  std::unique_ptr<WorkerGeneration> prepared_;  // null: none waits
  std::unique_ptr<WorkerGeneration> serving_;   // not null once clients are accepted
  std::vector<WorkerGeneration*> retiring_;     // of the tasks that wait for their ends
  CurrentGateway gateway_{*this};
  net::Signal stopping_;  // raised at the end of the drain: background tasks end
  net::Signal cut_;       // raised by stop(): the drain ends at once
  bool ending_ = false;
  std::unique_ptr<http::Server> server_;
  net::TaskGroup background_;
  net::TaskGroup retirements_;  // of earlier configurations
  net::TaskGroup ends_;
  std::thread thread_;
};

}  // namespace penstock::app
