#include "http/upstream_limit.h"

#include <algorithm>

#include "http/upstream_connection.h"
#include "http/upstream_pool.h"

namespace penstock::http {

UpstreamLimit::Turn::Turn(net::EventLoop& loop_in, Reuse reuse_in)
    : loop(loop_in), reuse(reuse_in) {}
UpstreamLimit::Turn::~Turn() = default;

std::optional<UpstreamLimit::Permit> UpstreamLimit::take() {
  const std::lock_guard lock(mutex_);
  if (taken_ >= connections_max_) return std::nullopt;
  ++taken_;
  return Permit(*this);
}

// Waiting requests go before any that arrives now.
void UpstreamLimit::give_back() {
  const std::lock_guard lock(mutex_);
  if (queue_.empty()) {
    --taken_;
    return;
  }
  const std::shared_ptr<Turn> next = std::move(queue_.front());
  queue_.pop_front();
  count_waiting();
  next->granted = true;
  next->loop.post([next] { next->came.raise(); });
}

std::shared_ptr<UpstreamLimit::Turn> UpstreamLimit::wait(net::EventLoop& loop, Reuse reuse) {
  const std::lock_guard lock(mutex_);
  if (queue_.size() >= waiting_max_) return nullptr;
  auto turn = std::make_shared<Turn>(loop, reuse);
  // A permit may have been returned since take().
  if (taken_ < connections_max_) {
    ++taken_;
    turn->granted = true;
    turn->came.raise();
    return turn;
  }
  queue_.push_back(turn);
  count_waiting();
  for (const std::shared_ptr<Member>& member : members_) {
    member->loop.post([member] {
      if (member->pool != nullptr) member->pool->make_room();
    });
  }
  return turn;
}

std::optional<UpstreamLimit::Permit> UpstreamLimit::leave(const std::shared_ptr<Turn>& turn) {
  const std::lock_guard lock(mutex_);
  std::erase(queue_, turn);
  count_waiting();
  if (!turn->granted) return std::nullopt;
  return Permit(*this);
}

std::shared_ptr<UpstreamLimit::Turn> UpstreamLimit::next_on(const net::EventLoop& loop) {
  const std::lock_guard lock(mutex_);
  if (queue_.empty() || &queue_.front()->loop != &loop) return nullptr;
  if (queue_.front()->reuse == Reuse::kNo) return nullptr;
  std::shared_ptr<Turn> next = std::move(queue_.front());
  queue_.pop_front();
  count_waiting();
  return next;
}

void UpstreamLimit::join(std::shared_ptr<Member> member) {
  const std::lock_guard lock(mutex_);
  members_.push_back(std::move(member));
}

void UpstreamLimit::leave(const std::shared_ptr<Member>& member) {
  const std::lock_guard lock(mutex_);
  std::erase(members_, member);
}

}  // namespace penstock::http
