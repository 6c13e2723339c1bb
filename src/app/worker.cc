#include "app/worker.h"

#include <pthread.h>

#include <random>
#include <utility>

#include "net/wait.h"

namespace penstock::app {
namespace {

using std::chrono::milliseconds;
using Stage = gateway::Readiness::Stage;

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

http::TrustedPeers trusted_peers(const config::Server& server) {
  using Protocol = http::TrustedPeers::ProxyProtocol;
  http::TrustedPeers peers{.ranges = server.trusted_proxies.ranges,
                           .unix_sockets = server.trusted_proxies.unix_sockets};
  if (server.proxy_protocol == config::ProxyProtocol::kOptional) {
    peers.proxy_protocol = Protocol::kOptional;
  } else if (server.proxy_protocol == config::ProxyProtocol::kRequired) {
    peers.proxy_protocol = Protocol::kRequired;
  }
  return peers;
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
      shard_(shared.metrics.add_shard()),
      readiness_{.upstreams_asked = shared.ready},
      background_(loop_, report_to(shared.log)),
      retirements_(loop_, report_to(shared.log)),
      ends_(loop_, report_to(shared.log)) {}

Worker::~Worker() {
  if (thread_.joinable()) {
    stop();
    thread_.join();
  }
}

Status Worker::listen(ListeningPlace& place, const config::Server& server) {
  server_limits_ = server_limits(server);
  auto listener = place.open_listener(poller_, server_limits_.reserved_connections);
  if (!listener) return failure(std::move(listener.error()));
  const http::ServerContext context{.loop = loop_,
                                    .scratch = scratch_,
                                    .limits = server_limits_,
                                    .bodies = shared_.bodies,
                                    .handler = gateway_,
                                    .trusted = &trusted_peers_};
  server_ = std::make_unique<http::Server>(context, std::move(*listener), /*tls=*/nullptr,
                                           shared_.connections, report_to(shared_.log));
  return {};
}

void Worker::start() {
  shared_.pulse.add(loop_);
  thread_ = std::thread([this] {
    background_.spawn(housekeeping());
    loop_.run();
    shared_.pulse.remove(loop_);
  });
  pthread_setname_np(thread_.native_handle(),
                     shared_.role == Shared::Role::kAdmin ? "admin" : "io");
}

void Worker::prepare(std::shared_ptr<Generation> generation, std::function<void()> done) {
  run_on_loop([this, generation = std::move(generation), done = std::move(done)]() mutable {
    const WorkerGeneration::Environment environment{
        .listener = listener_kind(*generation->settings),
        .loop = loop_,
        .connector = connector_,
        .scratch = scratch_,
        .random = random_,
        .estimator = estimator_,
        .memory = shared_.memory,
        .readiness = readiness_,
        .open_exchanges = open_exchanges_,
        .log = shared_.log,
        .metrics = shared_.metrics,
        .shard = shard_,
        .pulse = shared_.pulse,
        .reloader = shared_.reloader};
    prepared_ =
        std::make_unique<WorkerGeneration>(environment, std::move(generation), serving_.get());
    done();
  });
}

void Worker::keep_prepared_models_fresh(std::function<void()> all_asked) {
  run_on_loop([this, all_asked = std::move(all_asked)]() mutable {
    if (!ending_) prepared_->keep_models_fresh(std::move(all_asked));
  });
}

void Worker::serve_prepared(std::function<void()> done) {
  run_on_loop([this, done = std::move(done)] {
    if (!ending_) begin_to_serve();
    done();
  });
}

gateway::ListenerKind Worker::listener_kind(const config::Settings& settings) const {
  if (shared_.role == Shared::Role::kAdmin) return gateway::ListenerKind::kAdmin;
  const bool keeps_operators = settings.admin && settings.admin->only_here;
  return keeps_operators ? gateway::ListenerKind::kClients : gateway::ListenerKind::kCommon;
}

const net::TlsContext* Worker::tls_of(const Generation& generation) const {
  const std::optional<config::Admin>& admin = generation.settings->admin;
  const bool is_plain = shared_.role == Shared::Role::kAdmin && !(admin && admin->tls);
  return generation.server_tls && !is_plain ? &*generation.server_tls : nullptr;
}

void Worker::begin_to_serve() {
  std::unique_ptr<WorkerGeneration> earlier = std::exchange(serving_, std::move(prepared_));
  const Generation& generation = serving_->generation();
  server_limits_ = server_limits(generation.settings->server);
  trusted_peers_ = trusted_peers(generation.settings->server);
  // Load balancers probe without the header of their clients' connections.
  if (shared_.role == Shared::Role::kAdmin) {
    trusted_peers_.proxy_protocol = http::TrustedPeers::ProxyProtocol::kOff;
  }
  server_->set_tls(tls_of(generation));
  if (earlier == nullptr) {
    server_->start();
  } else {
    server_->limits_changed();
    retirements_.spawn(retire(std::move(earlier)));
  }
}

// Its background tasks end at once, its requests in their own time.
Task<void> Worker::retire(std::unique_ptr<WorkerGeneration> earlier) {
  retiring_.push_back(earlier.get());
  earlier->close_own_idle();
  co_await earlier->end_background();
  co_await net::wait_any(loop_, nullptr, earlier->gateway().open_exchanges().quiet());
  std::erase(retiring_, earlier.get());
  shared_.memory.note_work();
}

void Worker::publish(std::uint64_t generation, std::shared_ptr<const models::Catalog> catalog) {
  run_on_loop([this, generation, catalog = std::move(catalog)]() mutable {
    for (WorkerGeneration* const each : {prepared_.get(), serving_.get()}) {
      if (each == nullptr || each->generation().number != generation) continue;
      each->publish(std::move(catalog));
      return;
    }
  });
}

void Worker::leave() {
  run_on_loop([this] {
    if (readiness_.stage == Stage::kServing) readiness_.stage = Stage::kLeaving;
  });
}

void Worker::drain(const config::Drain& drain, milliseconds limit) {
  run_on_loop([this, delay = drain.delay, limit] { spawn_end(delay, limit); });
}

void Worker::stop() {
  run_on_loop([this] {
    cut_.raise();
    spawn_end(milliseconds(0), milliseconds(1));
  });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::spawn_end(milliseconds delay, milliseconds limit) {
  if (std::exchange(ending_, true)) return;
  ends_.spawn(end(delay, limit));
}

// The order of shutdown: say so while work is still taken, take no new work, let open work finish,
// cut the rest, then stop the background tasks.
Task<void> Worker::end(milliseconds delay, milliseconds limit) {
  readiness_.stage = Stage::kLeaving;
  if (delay.count() > 0) {
    net::Deadline left(loop_);
    left.set_after(delay);
    co_await net::wait_any(loop_, &left, cut_);
  }
  readiness_.stage = Stage::kDraining;
  net::Deadline deadline(loop_);
  if (server_ != nullptr) {
    server_->drain();
    deadline.set_after(limit);
    co_await wait_until_quiet(deadline);
    server_->stop();
    co_await server_->join();
  }
  stopping_.raise();
  for (auto* const generation : {prepared_.get(), serving_.get()}) {
    if (generation != nullptr) co_await generation->end_background();
  }
  co_await retirements_.join();
  co_await background_.join();
  if (serving_ != nullptr) serving_->flush_access_log();
  loop_.stop();
}

// No exchange is open, and no client is in the middle of a head, a handshake or a discarded body.
Task<void> Worker::wait_until_quiet(net::Deadline& deadline) {
  net::Signal& exchanges = open_exchanges_.quiet();
  while (!exchanges.raised() || !server_->quiet().raised()) {
    net::Signal& awaited = exchanges.raised() ? server_->quiet() : exchanges;
    const net::Woken woken = co_await net::wait_any(loop_, &deadline, cut_, awaited);
    if (woken.timed_out()) shard_.limit_hit(telemetry::Limit::kDrain);
    if (!woken.by(awaited)) co_return;
  }
}

std::size_t Worker::tidy() {
  std::size_t resting = serving_ == nullptr ? 0 : serving_->tidy();
  for (WorkerGeneration* const each : retiring_) resting += each->tidy();
  return resting;
}

// Wakes only while there is something to do: an idle server sleeps.
Task<void> Worker::housekeeping() {
  net::Deadline deadline(loop_);
  while (!stopping_.raised()) {
    deadline.set_after(kHousekeepingInterval);
    co_await net::wait_any(loop_, &deadline, stopping_);
    if (tidy() > 0 || !open_exchanges_.quiet().raised()) continue;
    co_await net::wait_any(loop_, nullptr, stopping_, open_exchanges_.busy());
  }
  if (serving_ != nullptr) serving_->close_idle();
}

}  // namespace penstock::app
