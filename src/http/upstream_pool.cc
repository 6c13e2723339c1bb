#include "http/upstream_pool.h"

#include <string>
#include <utility>

#include "net/wait.h"

namespace penstock::http {
namespace {

Error all_in_use(const UpstreamLimit& limit) {
  return Error::gateway(ErrorKind::kOverloaded,
                        "all " + std::to_string(limit.connections_max()) +
                            " connections that may be open to the upstream are in use")
      .at_limit(Limit::kUpstreamConnections);
}

}  // namespace

UpstreamPool::UpstreamPool(net::EventLoop& loop, net::Connector& connector, ScratchPool& scratch,
                           net::Destination destination, PoolLimits limits)
    : loop_(loop),
      connector_(connector),
      scratch_(scratch),
      destination_(std::move(destination)),
      limits_(limits) {
  if (limits_.all_threads == nullptr) return;
  member_ = std::make_shared<UpstreamLimit::Member>(loop_, this);
  limits_.all_threads->join(member_);
}

UpstreamPool::~UpstreamPool() {
  if (member_ == nullptr) return;
  limits_.all_threads->leave(member_);
  member_->pool = nullptr;
}

void UpstreamPool::set_limits(const PoolLimits& limits) {
  UpstreamLimit* const all_threads = limits_.all_threads;
  limits_ = limits;
  limits_.all_threads = all_threads;
}

bool UpstreamPool::is_old(const UpstreamConnection& connection) const {
  return limits_.lifetime.count() > 0 && loop_.now() >= connection.opened() + limits_.lifetime;
}

bool UpstreamPool::usable(UpstreamConnection& connection) const {
  return !connection.stale() && loop_.now() < connection.usable_until() && !is_old(connection);
}

Eventual<Result<UpstreamExchange>> UpstreamPool::acquire(Reuse reuse, SteadyTime until,
                                                         net::Signal& cancel) {
  while (reuse == Reuse::kYes && !idle_.empty()) {
    std::unique_ptr<UpstreamConnection> connection = std::move(idle_.back());
    idle_.pop_back();
    if (usable(*connection)) return UpstreamExchange(*this, std::move(connection));
  }
  return connect(reuse, until, cancel);
}

Task<Result<UpstreamExchange>> UpstreamPool::connect(Reuse reuse, SteadyTime until,
                                                     net::Signal& cancel) {
  UpstreamLimit::Permit permit;
  if (limits_.all_threads != nullptr) {
    std::optional<UpstreamLimit::Permit> taken = limits_.all_threads->take();
    if (!taken && !idle_.empty()) {
      // None of the idle connections was acceptable: one of them makes room.
      idle_.erase(idle_.begin());
      taken = limits_.all_threads->take();
    }
    if (!taken) co_return co_await wait_for_turn(reuse, until, cancel);
    permit = std::move(*taken);
  }
  co_return co_await connect_with(std::move(permit), until, cancel);
}

Task<Result<UpstreamExchange>> UpstreamPool::connect_with(UpstreamLimit::Permit permit,
                                                          SteadyTime until, net::Signal& cancel) {
  auto stream = co_await connector_.connect(destination_, until, cancel);
  if (!stream) co_return failure(std::move(stream.error()));
  auto connection =
      std::make_unique<UpstreamConnection>(loop_, std::move(*stream), scratch_, std::move(permit));
  co_return UpstreamExchange(*this, std::move(connection));
}

Task<Result<UpstreamExchange>> UpstreamPool::wait_for_turn(Reuse reuse, SteadyTime until,
                                                           net::Signal& cancel) {
  UpstreamLimit& limit = *limits_.all_threads;
  const std::shared_ptr<UpstreamLimit::Turn> turn = limit.wait(loop_, reuse);
  if (turn == nullptr) co_return failure(all_in_use(limit));
  net::Deadline deadline(loop_);
  deadline.set(until);
  const net::Woken woken = co_await net::wait_any(loop_, &deadline, turn->came, cancel);
  std::optional<UpstreamLimit::Permit> permit = limit.leave(turn);
  std::unique_ptr<UpstreamConnection> handed = std::move(turn->handed);
  if (!woken.by(turn->came)) {
    // A connection that was handed over too late goes to the next request.
    if (handed != nullptr) give_back(std::move(handed));
    if (woken.by(cancel)) co_return failure(Error::cancelled());
    co_return failure(all_in_use(limit));
  }
  if (handed != nullptr) co_return UpstreamExchange(*this, std::move(handed));
  co_return co_await connect_with(std::move(*permit), until, cancel);
}

void UpstreamPool::give_back(std::unique_ptr<UpstreamConnection> connection) {
  if (!connection->reusable() || is_old(*connection)) return;
  if (limits_.all_threads != nullptr && limits_.all_threads->somebody_waits()) {
    const std::shared_ptr<UpstreamLimit::Turn> next = limits_.all_threads->next_on(loop_);
    // Otherwise its end makes room for another thread's turn, or for a new connection.
    if (next == nullptr) return;
    connection->rest(limits_.idle_timeout);
    next->handed = std::move(connection);
    next->came.raise();
    return;
  }
  if (limits_.idle_connections && idle_.size() >= *limits_.idle_connections) return;
  connection->rest(limits_.idle_timeout);
  idle_.push_back(std::move(connection));
}

void UpstreamPool::make_room() {
  if (!idle_.empty() && limits_.all_threads->somebody_waits()) idle_.erase(idle_.begin());
}

std::size_t UpstreamPool::close_expired() {
  std::erase_if(idle_, [&](auto& connection) { return !usable(*connection); });
  return idle_.size();
}

}  // namespace penstock::http
