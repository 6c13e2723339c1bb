#include "app/service.h"

#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include <sched.h>
#include <unistd.h>

#include "app/routes.h"
#include "app/upstream_tls.h"
#include "app/worker.h"
#include "config/credentials.h"
#include "core/version.h"
#include "gateway/recorder.h"
#include "gateway/target_outcome.h"
#include "gateway/target_view.h"

namespace penstock::app {
namespace {

// Names are few and cached, so two look-ups at once are enough, of either kind. Callers' hosts have
// separate threads, so that their name servers cannot delay the operator's hosts.
constexpr std::size_t kLookupThreads = 2;
// How long clients wait for the first model lists before the port opens without them.
constexpr std::chrono::milliseconds kFirstListsPatience{1'000};

// The cores that this process may use, not all cores of the machine.
std::size_t usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<std::size_t>(std::max(1, CPU_COUNT(&set)));
}

std::size_t worker_count(const config::Server& server) {
  return server.threads > 0 ? server.threads : usable_cores();
}

// Never reached: a worker's resolver has one look-up of a host at a time.
std::size_t operator_lookups_max(const config::Settings& settings) {
  return net::SystemResolver::kEntriesMax * worker_count(settings.server);
}

std::uint64_t random_bucket_key() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

telemetry::BlockingWork blocking_work(std::string name, const net::LookupThreads& lookups) {
  return {.name = std::move(name), .read = [&lookups]() -> telemetry::BlockingWork::Counts {
            const net::Offload::Counts counts = lookups.counts();
            return {.waiting = counts.waiting, .refused = counts.refused};
          }};
}

// Of a router that exists when the first page is asked for; null: there are no routes.
telemetry::RoutingOptions routing_options(const std::shared_ptr<const routing::Router>& router) {
  telemetry::RoutingOptions options;
  options.outcomes = gateway::outcome_names();
  options.targets = [&router]() -> std::vector<telemetry::TargetReading> {
    if (router == nullptr) return {};
    return gateway::target_readings(*router, SystemClock().steady());
  };
  return options;
}

telemetry::MetricsOptions metrics_options(const net::LookupThreads& lookups,
                                          const net::LookupThreads& caller_lookups,
                                          const std::shared_ptr<const routing::Router>& router) {
  telemetry::MetricsOptions options;
  options.routes = route_labels();
  options.blocking_work.push_back(blocking_work("lookups", lookups));
  options.blocking_work.push_back(blocking_work("caller_lookups", caller_lookups));
  options.routing = routing_options(router);
  options.version = kVersion;
  options.started = SystemClock().wall();
  return options;
}

Result<net::TlsContext> server_context(const config::Server& server) {
  return net::TlsContext::server({.certificate_file = server.tls_certfile,
                                  .key_file = server.tls_keyfile,
                                  .client_ca_file = server.tls_cafile,
                                  .ciphers = server.tls_ciphers});
}

}  // namespace

// In the order of their dependence.
struct Service::Parts {
  Parts(std::shared_ptr<const config::Settings> settings_in, telemetry::Log& log_in)
      : settings(std::move(settings_in)),
        secrets(config::guard_credentials(*settings)),
        log(log_in),
        lookups({.work = "look-ups of host names",
                 .threads = kLookupThreads,
                 .waiting_max = operator_lookups_max(*settings)}),
        caller_lookups({.work = "look-ups of hosts that callers name",
                        .threads = kLookupThreads,
                        .waiting_max = settings->server.limits.caller_lookups,
                        .limit = Limit::kCallerLookups}),
        metrics(metrics_options(lookups, caller_lookups, router)),
        labels(metrics.serve(gateway::served_labels(*settings))),
        registry(
            settings, SystemClock().wall(),
            [this](const std::shared_ptr<const models::Catalog>& catalog) { publish(catalog); }),
        router(settings->routing.routes.empty()
                   ? nullptr
                   : std::make_shared<const routing::Router>(settings)),
        pins(settings->providers.size() > 1
                 ? std::make_unique<routing::Pins>(routing::Pins::Limits(), random_bucket_key())
                 : nullptr),
        connections(settings->server.limits.connections),
        bodies(settings->server.limits.all_bodies_bytes) {}
  // The workers use everything else.
  ~Parts() { workers.clear(); }

  void publish(const std::shared_ptr<const models::Catalog>& catalog);
  Status prepare();
  Status listen();
  void run();
  void wait_for_first_lists();
  Shared shared();

  std::shared_ptr<const config::Settings> settings;
  MemoryTrimmer memory;
  SecretGuard secrets;
  telemetry::Log& log;
  net::LookupThreads lookups;
  net::LookupThreads caller_lookups;
  telemetry::Metrics metrics;
  const telemetry::SettingsLabels labels;
  std::unique_ptr<telemetry::AccessLog> access_log;
  // Changed only while no thread runs, so that publishing needs no lock for them.
  std::vector<std::unique_ptr<Worker>> workers;
  models::Registry registry;
  const std::shared_ptr<const routing::Router> router;  // null: no model has several upstreams
  const std::unique_ptr<routing::Pins> pins;            // null: there is one provider
  std::unique_ptr<net::TlsContext> server_tls;
  std::vector<net::TlsContext> client_tls;
  std::vector<std::unique_ptr<http::UpstreamLimit>> upstream_limits;
  http::ConnectionCount connections;
  http::BodyBudget bodies;
  std::atomic<bool> ready{false};
  std::unique_ptr<Shared> shared_parts;
  net::SocketAddress address;

  std::mutex first_lists_mutex;
  std::condition_variable first_lists_changed;
};

// Called by the thread that changed the registry.
void Service::Parts::publish(const std::shared_ptr<const models::Catalog>& catalog) {
  for (std::size_t i = 0; i < settings->providers.size(); ++i) {
    metrics.set_models_registered(metrics.provider(settings->providers[i].id),
                                  catalog->count_of(i));
  }
  for (auto& worker : workers) worker->publish(catalog);
}

Status Service::Parts::prepare() {
  auto log_opened = telemetry::AccessLog::open(settings->server.access_log);
  if (!log_opened) return failure(std::move(log_opened.error()));
  access_log = std::move(*log_opened);
  const config::Server& server = settings->server;
  if (!server.tls_certfile.empty()) {
    auto context = server_context(server);
    if (!context) return failure(std::move(context.error()));
    server_tls = std::make_unique<net::TlsContext>(std::move(*context));
  }
  for (const config::Provider& provider : settings->providers) {
    Result<net::TlsContext> context = upstream_tls(provider);
    if (!context) return failure(std::move(context.error()));
    client_tls.push_back(std::move(*context));
    const config::ConnectionLimits& limits = provider.connection_limits;
    upstream_limits.push_back(
        limits.max_connections
            ? std::make_unique<http::UpstreamLimit>(*limits.max_connections, limits.max_waiting)
            : nullptr);
  }
  return {};
}

Status Service::Parts::listen() {
  const config::Server& server = settings->server;
  auto wanted = net::resolve_listen_address(server.host, server.port);
  if (!wanted) return failure(std::move(wanted.error()));
  if (Status is_free = net::check_address_is_free(*wanted); !is_free) return is_free;
  shared_parts.reset(new Shared{.settings = *settings,
                                .labels = labels,
                                .memory = memory,
                                .secrets = secrets,
                                .log = log,
                                .metrics = metrics,
                                .access_log = *access_log,
                                .registry = registry,
                                .router = router,
                                .pins = pins.get(),
                                .lookups = lookups,
                                .caller_lookups = caller_lookups,
                                .server_tls = server_tls.get(),
                                .client_tls = client_tls,
                                .upstream_limits = upstream_limits,
                                .connections = connections,
                                .bodies = bodies,
                                .ready = ready});
  const std::size_t threads = worker_count(server);
  address = *wanted;
  for (std::size_t i = 0; i < threads; ++i) {
    auto worker = std::make_unique<Worker>(*shared_parts);
    // The first worker learns the port if 0 was configured; the others share it.
    auto opened = worker->listen(address);
    if (!opened) return failure(std::move(opened.error()));
    address = *opened;
    workers.push_back(std::move(worker));
  }
  return {};
}

void Service::Parts::run() {
  for (auto& worker : workers) worker->start();
  workers.front()->keep_models_fresh([this] {
    const std::lock_guard lock(first_lists_mutex);
    ready.store(true, std::memory_order_release);
    first_lists_changed.notify_all();
  });
  wait_for_first_lists();
  for (auto& worker : workers) worker->serve();
}

// Connections that arrive meanwhile wait in the kernel's queue.
void Service::Parts::wait_for_first_lists() {
  std::unique_lock lock(first_lists_mutex);
  first_lists_changed.wait_for(lock, kFirstListsPatience, [this] { return ready.load(); });
}

Service::Service(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Service::~Service() {
  stop();
  wait();
}

Result<std::unique_ptr<Service>> Service::start(std::shared_ptr<const config::Settings> settings,
                                                telemetry::Log& log) {
  auto parts = std::make_unique<Parts>(std::move(settings), log);
  if (Status prepared = parts->prepare(); !prepared) return failure(std::move(prepared.error()));
  if (Status listening = parts->listen(); !listening) {
    return failure(std::move(listening.error()));
  }
  parts->run();
  return std::unique_ptr<Service>(new Service(std::move(parts)));
}

std::vector<std::string> Service::faults_of(const config::Settings& settings) {
  std::vector<std::string> faults;
  const auto note = [&](const auto& result) {
    if (!result) faults.push_back(result.error().message);
  };
  const config::Server& server = settings.server;
  const bool log_exists = ::access(server.access_log.c_str(), F_OK) == 0;
  {
    const auto log = telemetry::AccessLog::open(server.access_log);
    note(log);
    // A check leaves nothing behind: the server may run as another user.
    if (log && !log_exists && server.access_log.contains('/')) ::unlink(server.access_log.c_str());
  }
  if (!server.tls_certfile.empty()) note(server_context(server));
  for (const config::Provider& provider : settings.providers) note(upstream_tls(provider));
  const auto address = net::resolve_listen_address(server.host, 0);
  note(address);
  if (address) note(net::check_address_is_free(*address));
  return faults;
}

std::string Service::address() const {
  return parts_->address.text();
}
std::size_t Service::models() const {
  const std::shared_ptr<const models::Catalog> catalog = parts_->registry.catalog();
  std::size_t models = 0;
  for (std::size_t i = 0; i < parts_->settings->providers.size(); ++i) {
    models += catalog->count_of(i);
  }
  return models;
}
std::uint16_t Service::port() const {
  return parts_->address.port();
}

void Service::drain() {
  for (auto& worker : parts_->workers) worker->drain(parts_->settings->server.timeouts.drain);
}

void Service::stop() {
  for (auto& worker : parts_->workers) worker->stop();
}

void Service::wait() {
  for (auto& worker : parts_->workers) worker->join();
}

}  // namespace penstock::app
