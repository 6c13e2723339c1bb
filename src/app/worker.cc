#include "app/worker.h"

#include <random>
#include <utility>

#include "app/routes.h"
#include "net/wait.h"

namespace penstock::app {
namespace {

using std::chrono::milliseconds;

// The longest time that a log line or an expired upstream connection waits.
constexpr milliseconds kHousekeepingInterval{200};

std::uint64_t random_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

http::ServerLimits server_limits(const config::Server& server) {
  return {.head = {.bytes = server.limits.header_bytes, .fields = server.limits.header_fields},
          .body_bytes = server.limits.body_bytes,
          .body_bytes_per_second = server.limits.body_bytes_per_second,
          .discarded_bytes = server.limits.discarded_bytes,
          .reserved_connections = server.limits.reserved_connections,
          .header_timeout = server.timeouts.client_header,
          .body_timeout = server.timeouts.client_body,
          .write_timeout = server.timeouts.client_write,
          .idle_timeout = server.timeouts.idle,
          .refused_idle_timeout = server.timeouts.refused_idle,
          .linger_timeout = server.timeouts.linger,
          .discard_timeout = server.timeouts.discard};
}

net::TaskGroup::OnException report_to(telemetry::Log& log) {
  return [&log](std::string_view what) {
    log.error("a task ended with an exception: " + std::string(what));
  };
}

}  // namespace

Worker::Worker(const Shared& shared)
    : shared_(shared),
      random_(random_seed()),
      loop_(clock_, poller_),
      resolver_(loop_, shared.lookups, shared.caller_lookups),
      connector_(loop_, poller_, resolver_),
      server_limits_(server_limits(shared.settings.server)),
      access_log_shard_(shared.access_log, &shared.secrets),
      shard_(shared.metrics.add_shard()),
      readiness_{.upstreams_asked = shared.ready},
      catalog_(shared.registry.catalog()),
      chooser_(shared.router == nullptr
                   ? nullptr
                   : std::make_shared<routing::Chooser>(shared.router, random_)),
      model_list_(loop_, shared.secrets, shared.settings.providers),
      services_({.upstreams = {.settings = shared.settings.providers,
                               .providers = providers_,
                               .catalog = catalog_,
                               .chooser = chooser_,
                               .pins = shared.pins},
                 .registry = shared.registry,
                 .model_list = model_list_,
                 .routes = routes_,
                 .readiness = readiness_,
                 .metrics = shared.metrics,
                 .shard = shard_,
                 .access_log = shared.access_log}),
      routes_(routes_of(services_)),
      gateway_({.settings = shared.settings,
                .labels = shared.labels,
                .loop = loop_,
                .scratch = scratch_,
                .random = random_,
                .memory = shared.memory,
                .secrets = shared.secrets,
                .routes = routes_,
                .readiness = readiness_,
                .log = shared.log,
                .shard = shard_,
                .access_log = shared.access_log,
                .access_log_shard = access_log_shard_}),
      refresher_({.loop = loop_,
                  .random = random_,
                  .registry = shared.registry,
                  .metrics = shared.metrics,
                  .shard = shard_,
                  .log = shared.log,
                  .server = shared.settings.server}),
      checks_({.loop = loop_,
               .random = random_,
               .scratch = scratch_,
               .providers = providers_,
               .router = shared.router}),
      background_(loop_, report_to(shared.log)),
      ends_(loop_, report_to(shared.log)) {
  const auto& providers = shared.settings.providers;
  for (std::size_t i = 0; i < providers.size(); ++i) {
    const providers::Provider::Environment environment{.loop = loop_,
                                                       .connector = connector_,
                                                       .scratch = scratch_,
                                                       .tls = &shared.client_tls[i],
                                                       .log = &shared.log,
                                                       .limit = shared.upstream_limits[i].get()};
    providers_.push_back(
        providers::make_provider(providers[i], shared.settings.server, environment));
  }
}

Worker::~Worker() {
  if (thread_.joinable()) {
    stop();
    thread_.join();
  }
}

Result<net::SocketAddress> Worker::listen(const net::SocketAddress& address) {
  auto listener = net::Listener::open(poller_, address, server_limits_.reserved_connections);
  if (!listener) return failure(std::move(listener.error()));
  const net::SocketAddress opened = (*listener)->address();
  const http::ServerContext context{.loop = loop_,
                                    .scratch = scratch_,
                                    .limits = server_limits_,
                                    .bodies = shared_.bodies,
                                    .handler = gateway_};
  server_ = std::make_unique<http::Server>(context, std::move(*listener), shared_.server_tls,
                                           shared_.connections, report_to(shared_.log));
  return opened;
}

void Worker::start() {
  thread_ = std::thread([this] {
    background_.spawn(housekeeping());
    loop_.run();
  });
}

void Worker::serve() {
  run_on_loop([this] {
    if (!ending_) server_->start();
  });
}

void Worker::keep_models_fresh(std::function<void()> all_asked) {
  run_on_loop([this, all_asked = std::move(all_asked)] {
    providers_to_ask_ = providers_.size();
    if (providers_to_ask_ == 0) all_asked();
    checks_.start(background_, stopping_);
    for (std::size_t i = 0; i < providers_.size(); ++i) {
      auto asked = [this, all_asked] {
        if (--providers_to_ask_ == 0) all_asked();
      };
      background_.spawn(refresher_.keep_fresh(i, *providers_[i], stopping_, std::move(asked)));
    }
  });
}

void Worker::publish(std::shared_ptr<const models::Catalog> catalog) {
  run_on_loop([this, catalog = std::move(catalog)]() mutable {
    catalog_ = std::move(catalog);
    shared_.memory.note_work();
  });
}

void Worker::drain(milliseconds limit) {
  run_on_loop([this, limit] { spawn_end(limit); });
}

void Worker::stop() {
  run_on_loop([this] {
    cut_.raise();
    spawn_end(milliseconds(1));
  });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::spawn_end(milliseconds limit) {
  if (std::exchange(ending_, true)) return;
  ends_.spawn(end(limit));
}

// The order of shutdown: take no new work, let open work finish, cut the rest, then stop the
// background tasks.
Task<void> Worker::end(milliseconds limit) {
  gateway_.drain();
  net::Deadline deadline(loop_);
  if (server_ != nullptr) {
    server_->drain();
    deadline.set_after(limit);
    co_await wait_until_quiet(deadline);
    server_->stop();
    co_await server_->join();
  }
  stopping_.raise();
  co_await background_.join();
  access_log_shard_.flush();
  loop_.stop();
}

// No exchange is open, and no client is in the middle of a head, a handshake or a discarded body.
Task<void> Worker::wait_until_quiet(net::Deadline& deadline) {
  while (!gateway_.quiet().raised() || !server_->quiet().raised()) {
    net::Signal& awaited = gateway_.quiet().raised() ? server_->quiet() : gateway_.quiet();
    const net::Woken woken = co_await net::wait_any(loop_, &deadline, cut_, awaited);
    if (woken.timed_out()) shard_.limit_hit(telemetry::Limit::kDrain);
    if (!woken.by(awaited)) co_return;
  }
}

// Wakes only while there is something to do: an idle server sleeps.
Task<void> Worker::housekeeping() {
  net::Deadline deadline(loop_);
  while (!stopping_.raised()) {
    deadline.set_after(kHousekeepingInterval);
    co_await net::wait_any(loop_, &deadline, stopping_);
    access_log_shard_.flush();
    std::size_t resting = 0;
    for (auto& provider : providers_) {
      resting += provider->close_expired();
    }
    if (resting > 0 || !gateway_.quiet().raised()) continue;
    access_log_shard_.flush();
    co_await net::wait_any(loop_, nullptr, stopping_, gateway_.busy());
  }
  for (auto& provider : providers_) {
    provider->close_idle();
  }
}

}  // namespace penstock::app
