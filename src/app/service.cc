#include "app/service.h"

#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include <sched.h>
#include <unistd.h>

#include "app/access_log_options.h"
#include "app/configuration.h"
#include "app/generation.h"
#include "app/listening_place.h"
#include "app/price_source.h"
#include "app/routes.h"
#include "app/tls_contexts.h"
#include "app/worker.h"
#include "config/url.h"
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
// Probes, scrapers, and a few people.
constexpr std::size_t kAdminConnectionsMax = 128;
// Longer than any turn of a loop.
constexpr std::chrono::milliseconds kWorkersPatience{10'000};

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

Error not_served() {
  return Error::gateway(ErrorKind::kInternal,
                        "the configuration is not served: the server is ending");
}

// Waits for something that every worker does on its thread. Shared with the workers: one that has
// ended does not do it.
class Rendezvous {
 public:
  explicit Rendezvous(std::size_t awaited) : awaited_(awaited) {}

  void arrive() {
    const std::lock_guard lock(mutex_);
    ++arrived_;
    changed_.notify_all();
  }
  bool wait_for(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return arrived_ >= awaited_; });
  }

 private:
  const std::size_t awaited_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t arrived_ = 0;
};

}  // namespace

// In the order of their dependence.
struct Service::Parts {
  Parts(const config::Settings& settings, telemetry::Log& log_in, gateway::Reloader* reloader)
      : log(log_in),
        lookups({.work = "look-ups of host names",
                 .threads = kLookupThreads,
                 .waiting_max = operator_lookups_max(settings)}),
        caller_lookups({.work = "look-ups of hosts that callers name",
                        .threads = kLookupThreads,
                        .waiting_max = settings.server.limits.caller_lookups,
                        .limit = Limit::kCallerLookups}),
        metrics(metrics_options()),
        pins(routing::Pins::Limits(), random_bucket_key()),
        connections(settings.server.limits.connections),
        bodies(settings.server.limits.all_bodies_bytes),
        admin_bodies(settings.server.limits.all_bodies_bytes),
        shared(shared_by(Shared::Role::kData, reloader)),
        admin_shared(shared_by(Shared::Role::kAdmin, reloader)) {}
  // The workers use everything else.
  ~Parts() {
    workers.clear();
    admin.reset();
  }

  telemetry::MetricsOptions metrics_options();
  Shared shared_by(Shared::Role role, gateway::Reloader* reloader);
  Status listen(const config::Settings& settings);
  Status listen_as_admin(const config::Admin& admin, const config::Server& server);
  Result<std::shared_ptr<Generation>> make_generation(
      std::shared_ptr<const config::Settings> settings);
  void publish(const Generation& generation, const std::shared_ptr<const models::Catalog>& catalog);
  void count_models(const Generation& generation, const models::Catalog& catalog);
  Status serve(const std::shared_ptr<Generation>& generation);
  void wait_for_lists();
  void take_registrations(const std::shared_ptr<Generation>& generation, Generation& earlier);
  using WorkerStep = std::function<void(Worker&, std::function<void()> done)>;
  std::vector<Worker*> all_workers() const;
  bool on_all_workers(const WorkerStep& step);
  void keep_until_unused(std::shared_ptr<telemetry::AccessLog> log_of_earlier);
  void apply(const config::Server& before, const config::Server& server);
  std::shared_ptr<Generation> current() const;

  MemoryTrimmer memory;
  telemetry::Log& log;
  net::LookupThreads lookups;
  net::LookupThreads caller_lookups;
  telemetry::Metrics metrics;
  routing::Pins pins;
  http::ConnectionCount connections;
  http::BodyBudget bodies;
  // Operators have room of their own, however many clients there are.
  http::ConnectionCount admin_connections{kAdminConnectionsMax};
  http::BodyBudget admin_bodies;
  std::atomic<bool> ready{false};
  std::atomic<bool> ending{false};
  net::LoopPulse pulse;
  const Shared shared;
  const Shared admin_shared;
  std::mutex reload_mutex;  // held by the one reload at a time
  std::vector<std::shared_ptr<telemetry::AccessLog>> earlier_logs;  // under the mutex above
  mutable std::mutex serving_mutex;
  std::shared_ptr<Generation> serving;  // null until start() has served
  std::optional<ListeningPlace> place;
  std::optional<ListeningPlace> admin_place;  // nullopt: there is no admin listener
  // Changed only while no thread runs, so that publishing needs no lock for them.
  std::vector<std::unique_ptr<Worker>> workers;
  std::unique_ptr<Worker> admin;  // null: likewise
};

Shared Service::Parts::shared_by(Shared::Role role, gateway::Reloader* reloader) {
  const bool is_admin = role == Shared::Role::kAdmin;
  return {.role = role,
          .memory = memory,
          .log = log,
          .metrics = metrics,
          .lookups = lookups,
          .caller_lookups = caller_lookups,
          .connections = is_admin ? admin_connections : connections,
          .bodies = is_admin ? admin_bodies : bodies,
          .ready = ready,
          .reloader = reloader,
          .pulse = pulse};
}

telemetry::MetricsOptions Service::Parts::metrics_options() {
  telemetry::MetricsOptions options;
  options.routes = route_labels();
  options.routing.outcomes = gateway::outcome_names();
  options.routing.targets = [this]() -> std::vector<telemetry::TargetReading> {
    const std::shared_ptr<const Generation> generation = current();
    if (generation == nullptr || generation->router == nullptr) return {};
    return gateway::target_readings(*generation->router, SystemClock().steady());
  };
  options.blocking_work.push_back(blocking_work("lookups", lookups));
  options.blocking_work.push_back(blocking_work("caller_lookups", caller_lookups));
  options.version = kVersion;
  options.started = SystemClock().wall();
  return options;
}

std::shared_ptr<Generation> Service::Parts::current() const {
  const std::lock_guard lock(serving_mutex);
  return serving;
}

Status Service::Parts::listen(const config::Settings& settings) {
  const config::Server& server = settings.server;
  auto opened = ListeningPlace::open(server.host, server.port, server.socket_mode);
  if (!opened) return failure(std::move(opened.error()));
  place = std::move(*opened);
  const std::size_t threads = worker_count(server);
  for (std::size_t i = 0; i < threads; ++i) {
    auto worker = std::make_unique<Worker>(shared);
    if (Status listening = worker->listen(*place, server); !listening) return listening;
    workers.push_back(std::move(worker));
  }
  return settings.admin ? listen_as_admin(*settings.admin, server) : Status();
}

Status Service::Parts::listen_as_admin(const config::Admin& settings,
                                       const config::Server& server) {
  auto opened = ListeningPlace::open(settings.host, settings.port, server.socket_mode);
  if (!opened) return failure(std::move(opened.error()));
  admin_place = std::move(*opened);
  admin = std::make_unique<Worker>(admin_shared);
  return admin->listen(*admin_place, server);
}

Result<std::shared_ptr<Generation>> Service::Parts::make_generation(
    std::shared_ptr<const config::Settings> settings) {
  const std::shared_ptr<const Generation> earlier = current();
  auto publish_to_workers = [this](const Generation& generation,
                                   const std::shared_ptr<const models::Catalog>& catalog) {
    publish(generation, catalog);
  };
  return Generation::make({.settings = std::move(settings),
                           .earlier = earlier.get(),
                           .pins = &pins,
                           .publish = std::move(publish_to_workers)});
}

// Called by the thread that changed the registry.
void Service::Parts::publish(const Generation& generation,
                             const std::shared_ptr<const models::Catalog>& catalog) {
  count_models(generation, *catalog);
  for (Worker* const worker : all_workers()) worker->publish(generation.number, catalog);
}

void Service::Parts::count_models(const Generation& generation, const models::Catalog& catalog) {
  for (std::size_t i = 0; i < generation.labels.providers.size(); ++i) {
    metrics.set_models_registered(generation.labels.providers[i], catalog.count_of(i));
  }
}

// All threads prepare it, then one asks the upstreams for their models, then all serve it. Fails if
// a thread does not answer: it is ending.
Status Service::Parts::serve(const std::shared_ptr<Generation>& generation) {
  log.mask_also(generation->confidential);
  generation->labels = metrics.serve(gateway::served_labels(*generation->settings));
  count_models(*generation, *generation->registry.catalog());
  if (!on_all_workers([&](Worker& worker, auto done) { worker.prepare(generation, done); })) {
    return failure(not_served());
  }
  wait_for_lists();
  if (const std::shared_ptr<Generation> earlier = current(); earlier != nullptr) {
    take_registrations(generation, *earlier);
  }
  const bool all_serve =
      on_all_workers([](Worker& worker, auto done) { worker.serve_prepared(done); });
  {
    // Also if a thread is late: it will serve it.
    const std::lock_guard lock(serving_mutex);
    serving = generation;
  }
  if (!all_serve) return failure(not_served());
  return {};
}

// Clients of the first configuration wait in the kernel's queue meanwhile; those of a later one are
// served as before.
void Service::Parts::wait_for_lists() {
  const auto asked = std::make_shared<Rendezvous>(1);
  workers.front()->keep_prepared_models_fresh([this, asked] {
    ready.store(true, std::memory_order_release);
    asked->arrive();
  });
  (void)asked->wait_for(kFirstListsPatience);
}

void Service::Parts::take_registrations(const std::shared_ptr<Generation>& generation,
                                        Generation& earlier) {
  const std::shared_ptr<models::Registry> registry(generation, &generation->registry);
  for (const std::string& line : registry->take_registrations(registry, earlier.registry)) {
    log.warning(line);
  }
}

std::vector<Worker*> Service::Parts::all_workers() const {
  std::vector<Worker*> all;
  for (const auto& worker : workers) all.push_back(worker.get());
  if (admin != nullptr) all.push_back(admin.get());
  return all;
}

// False if one of them does not do it in time.
bool Service::Parts::on_all_workers(const WorkerStep& step) {
  const std::vector<Worker*> awaited = all_workers();
  const auto all = std::make_shared<Rendezvous>(awaited.size());
  for (Worker* const worker : awaited) step(*worker, [all] { all->arrive(); });
  return all->wait_for(kWorkersPatience);
}

// Closing a log may wait for its output, which no I/O thread may: this thread has the last word.
void Service::Parts::keep_until_unused(std::shared_ptr<telemetry::AccessLog> log_of_earlier) {
  earlier_logs.push_back(std::move(log_of_earlier));
  std::erase_if(earlier_logs, [](const auto& each) { return each.use_count() == 1; });
}

void Service::Parts::apply(const config::Server& before, const config::Server& server) {
  connections.set_max(server.limits.connections);
  bodies.set_max(server.limits.all_bodies_bytes);
  admin_bodies.set_max(server.limits.all_bodies_bytes);
  caller_lookups.set_waiting_max(server.limits.caller_lookups);
  if (server.log_level != before.log_level) log.set_level(log_level(server.log_level));
  if (server.access_log_format != before.access_log_format) {
    const Status reopened = current()->access_log->reopen(access_log_options(server));
    if (!reopened) log.error(reopened.error().message + "; its lines keep their form");
  }
}

Service::Service(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Service::~Service() {
  stop();
  wait();
}

Result<std::unique_ptr<Service>> Service::start(std::shared_ptr<const config::Settings> settings,
                                                telemetry::Log& log, gateway::Reloader* reloader) {
  auto parts = std::make_unique<Parts>(*settings, log, reloader);
  auto generation = parts->make_generation(settings);
  if (!generation) return failure(std::move(generation.error()));
  if (Status listening = parts->listen(*settings); !listening) {
    return failure(std::move(listening.error()));
  }
  for (Worker* const worker : parts->all_workers()) worker->start();
  if (Status serving = parts->serve(*generation); !serving) {
    return failure(std::move(serving.error()));
  }
  return std::unique_ptr<Service>(new Service(std::move(parts)));
}

void Service::reload_refused() {
  parts_->metrics.config_reloaded(false);
}

Status Service::reload(std::shared_ptr<const config::Settings> settings) {
  const std::lock_guard one_at_a_time(parts_->reload_mutex);
  if (parts_->ending) return failure(not_served());
  const std::shared_ptr<Generation> earlier = parts_->current();
  auto generation = parts_->make_generation(settings);
  if (!generation) return failure(std::move(generation.error()));
  if (Status serving = parts_->serve(*generation); !serving) return serving;
  const bool has_other_log = (*generation)->access_log != earlier->access_log;
  if (has_other_log) parts_->keep_until_unused(earlier->access_log);
  parts_->apply(earlier->settings->server, settings->server);
  parts_->metrics.config_reloaded(true);
  return {};
}

std::vector<std::string> Service::faults_of(const config::Settings& settings) {
  std::vector<std::string> faults;
  const auto note = [&](const auto& result) {
    if (!result) faults.push_back(result.error().message);
  };
  const config::Server& server = settings.server;
  const bool log_exists = ::access(server.access_log.c_str(), F_OK) == 0;
  {
    const auto log = telemetry::AccessLog::open(access_log_options(server));
    note(log);
    // A check leaves nothing behind: the server may run as another user.
    if (log && !log_exists && server.access_log.contains('/')) ::unlink(server.access_log.c_str());
  }
  if (!server.tls_certfile.empty()) note(tls_context_of(server));
  for (const config::Provider& provider : settings.providers) {
    note(tls_context_of(provider));
    note(proxy_tls_of(provider));
  }
  if (needs_prices(settings)) note(price_table_of(settings));
  note(ListeningPlace::check(server.host));
  if (settings.admin) note(ListeningPlace::check(settings.admin->host));
  return faults;
}

const ListeningPlace& Service::place() const {
  return *parts_->place;
}
const ListeningPlace* Service::admin_place() const {
  return parts_->admin_place ? &*parts_->admin_place : nullptr;
}

std::shared_ptr<const config::Settings> Service::settings() const {
  return parts_->current()->settings;
}

std::size_t Service::models() const {
  const std::shared_ptr<const Generation> generation = parts_->current();
  const std::shared_ptr<const models::Catalog> catalog = generation->registry.catalog();
  std::size_t models = 0;
  for (std::size_t i = 0; i < generation->settings->providers.size(); ++i) {
    models += catalog->count_of(i);
  }
  return models;
}

Status Service::reopen_access_log() {
  return parts_->current()->access_log->reopen();
}

net::LoopPulse& Service::pulse() {
  return parts_->pulse;
}

void Service::drain() {
  parts_->ending = true;
  const std::shared_ptr<const config::Settings> served = settings();
  const config::Server& server = served->server;
  if (parts_->admin != nullptr) parts_->admin->leave();
  for (auto& worker : parts_->workers) worker->drain(server.drain, server.timeouts.drain);
}

void Service::stop() {
  parts_->ending = true;
  for (auto& worker : parts_->workers) worker->stop();
}

// The admin listener answers until the last client has gone.
void Service::wait() {
  for (auto& worker : parts_->workers) worker->join();
  if (parts_->admin == nullptr) return;
  parts_->admin->stop();
  parts_->admin->join();
}

}  // namespace penstock::app
