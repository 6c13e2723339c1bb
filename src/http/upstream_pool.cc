#include "http/upstream_pool.h"

#include <utility>

namespace penstock::http {
namespace {

constexpr std::size_t kUnreadBytesMax = 64 * 1024;

}  // namespace

UpstreamPool::UpstreamPool(net::EventLoop& loop, net::Connector& connector, ScratchPool& scratch,
                           net::Destination destination, PoolLimits limits)
    : loop_(loop),
      connector_(connector),
      scratch_(scratch),
      destination_(std::move(destination)),
      limits_(limits) {}

bool UpstreamPool::usable(UpstreamConnection& connection) const {
  return !connection.stale() && loop_.now() < connection.usable_until();
}

Eventual<Result<std::unique_ptr<UpstreamConnection>>> UpstreamPool::acquire(Reuse reuse,
                                                                            SteadyTime until,
                                                                            net::Signal& cancel) {
  while (reuse == Reuse::kYes && !idle_.empty()) {
    std::unique_ptr<UpstreamConnection> connection = std::move(idle_.back());
    idle_.pop_back();
    if (usable(*connection)) return connection;
  }
  return connect(until, cancel);
}

Task<Result<std::unique_ptr<UpstreamConnection>>> UpstreamPool::connect(SteadyTime until,
                                                                        net::Signal& cancel) {
  auto stream = co_await connector_.connect(destination_, until, cancel);
  if (!stream) co_return failure(std::move(stream.error()));
  co_return std::make_unique<UpstreamConnection>(loop_, std::move(*stream), scratch_);
}

void UpstreamPool::give_back(std::unique_ptr<UpstreamConnection> connection) {
  if (!connection->reusable()) return;
  if (limits_.idle_connections > 0 && idle_.size() >= limits_.idle_connections) return;
  connection->rest(limits_.idle_timeout);
  idle_.push_back(std::move(connection));
}

void UpstreamPool::give_back_unread(std::unique_ptr<UpstreamConnection> connection) {
  std::size_t bytes = 0;
  while (bytes < kUnreadBytesMax) {
    const auto part = connection->read_body();
    if (!part) return;
    if (part->end) return give_back(std::move(connection));
    if (part->data.empty()) return;
    bytes += part->data.size();
  }
}

std::size_t UpstreamPool::close_expired() {
  std::erase_if(idle_, [&](auto& connection) { return !usable(*connection); });
  return idle_.size();
}

}  // namespace penstock::http
