#include "sim/simulator.h"

#include <cstddef>
#include <cstdio>
#include <functional>
#include <latch>
#include <limits>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "http/scratch.h"
#include "http/server_exchange.h"
#include "net/epoll_poller.h"
#include "net/event_loop.h"
#include "net/listener.h"
#include "net/task_group.h"
#include "sim/course.h"
#include "sim/door.h"
#include "sim/handler.h"
#include "sim/port_guard.h"
#include "sim/stats.h"

namespace penstock::sim {
namespace {

void report_exception(std::string_view what) {
  std::fprintf(stderr, "penstock-sim: %.*s\n", static_cast<int>(what.size()), what.data());
}

// One thread and its parts.
class Worker {
 public:
  Worker(const World& world, Store& store, Stats& stats, const http::ServerLimits& limits,
         http::ConnectionCount& count, std::uint64_t random_seed)
      : limits_(limits),
        loop_(clock_, poller_),
        handler_(world, store, stats, random_seed),
        door_({.loop = loop_,
               .scratch = scratch_,
               .limits = limits_,
               .bodies = bodies_,
               .handler = handler_},
              poller_, count, stats, report_exception),
        tasks_(loop_, report_exception) {}

  // The address with the assigned port.
  Result<net::SocketAddress> listen(const net::SocketAddress& address) {
    return door_.open(address);
  }

  void start() {
    door_.start();
    thread_ = std::thread([this] { loop_.run(); });
  }

  // Calls `settled` in its thread when it keeps to the course.
  void follow(std::shared_ptr<const Course> course, std::function<void()> settled) {
    loop_.post([this, course = std::move(course), settled = std::move(settled)] {
      handler_.follow(course);
      door_.follow(course, settled);
    });
  }

  void stop() {
    if (!thread_.joinable()) return;
    loop_.post([this] { tasks_.spawn(shut_down()); });
    thread_.join();
  }

 private:
  Task<void> shut_down() {
    door_.stop();
    co_await door_.join();
    loop_.stop();
  }

  const http::ServerLimits& limits_;
  SystemClock clock_;
  net::EpollPoller poller_;
  net::EventLoop loop_;
  http::ScratchPool scratch_;
  http::BodyBudget bodies_{std::numeric_limits<std::size_t>::max()};
  SimHandler handler_;
  Door door_;
  net::TaskGroup tasks_;
  std::thread thread_;
};

http::ServerLimits limits_of(const Options& options) {
  http::ServerLimits limits;
  limits.idle_timeout = options.idle_timeout;
  return limits;
}

}  // namespace

struct Simulator::Parts {
  Parts(Options given, Models models)
      : options(std::move(given)),
        limits(limits_of(options)),
        world{options, std::move(models), TokenText(options.behaviour.seed),
              Embeddings(options.behaviour.seed)} {}

  const Options options;
  const http::ServerLimits limits;
  const World world;
  Store store;
  Stats stats;
  http::ConnectionCount count{std::numeric_limits<std::size_t>::max()};
  net::SocketAddress address;
  PortGuard guard;
  std::vector<std::unique_ptr<Worker>> workers;
};

Simulator::Simulator(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Simulator>> Simulator::start(Options options) {
  Result<Models> models = Models::make(options.models, options.embedding_dimensions);
  if (!models) return failure(std::move(models.error()));
  Result<net::SocketAddress> address = net::resolve_listen_address(options.host, options.port);
  if (!address) return failure(std::move(address.error()));
  if (Status free = net::check_address_is_free(*address); !free) {
    return failure(std::move(free.error()));
  }
  auto parts = std::make_unique<Parts>(std::move(options), std::move(*models));
  for (std::size_t i = 0; i < parts->options.threads; ++i) {
    auto worker = std::make_unique<Worker>(parts->world, parts->store, parts->stats, parts->limits,
                                           parts->count, parts->options.behaviour.seed + i);
    // The first listener learns the port if any will do; the others share it.
    address = worker->listen(*address);
    if (!address) return failure(std::move(address.error()));
    parts->workers.push_back(std::move(worker));
  }
  parts->address = *address;
  if (Status held = parts->guard.hold(*address); !held) return failure(std::move(held.error()));
  for (const auto& worker : parts->workers) worker->start();
  std::unique_ptr<Simulator> simulator(new Simulator(std::move(parts)));
  if (const Timeline& timeline = simulator->parts_->options.timeline; !timeline.empty()) {
    simulator->play(timeline);
  }
  return simulator;
}

Simulator::~Simulator() {
  for (const auto& worker : parts_->workers) worker->stop();
}

void Simulator::play(Timeline timeline) {
  std::shared_ptr<const Course> course;
  if (!timeline.empty()) {
    course = std::make_shared<const Course>(std::move(timeline), SystemClock().steady(),
                                            parts_->options.behaviour);
  }
  const auto settled =
      std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(parts_->workers.size()));
  for (const auto& worker : parts_->workers) {
    worker->follow(course, [settled] { settled->count_down(); });
  }
  settled->wait();
}

std::uint16_t Simulator::port() const {
  return parts_->address.port();
}

std::string Simulator::url() const {
  return "http://" + parts_->address.text();
}

const std::string& Simulator::name() const {
  return parts_->options.name;
}

std::string Simulator::stats_json() const {
  return parts_->stats.to_json(name());
}

}  // namespace penstock::sim
