#include "net/loop_pulse.h"

#include <algorithm>

namespace penstock::net {
namespace {

std::int64_t nanoseconds_of(SteadyTime time) {
  return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

}  // namespace

std::chrono::nanoseconds LoopPulse::Member::owed_for(SteadyTime now) const {
  const std::int64_t asked = owed->load(std::memory_order_relaxed);
  return std::chrono::nanoseconds(
      asked == 0 ? 0 : std::max<std::int64_t>(0, nanoseconds_of(now) - asked));
}

void LoopPulse::add(EventLoop& loop) {
  const std::lock_guard lock(mutex_);
  members_.push_back({.loop = &loop, .owed = std::make_shared<Owed>(0)});
}

void LoopPulse::remove(EventLoop& loop) {
  const std::lock_guard lock(mutex_);
  std::erase_if(members_, [&](const Member& member) { return member.loop == &loop; });
}

// Within the lock: a loop that has been removed is not posted to.
void LoopPulse::ask(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  for (const Member& member : members_) {
    std::int64_t nothing = 0;
    if (!member.owed->compare_exchange_strong(nothing, nanoseconds_of(now))) continue;
    member.loop->post([owed = member.owed] { owed->store(0, std::memory_order_relaxed); });
  }
}

std::chrono::nanoseconds LoopPulse::longest_owed(SteadyTime now) const {
  const std::lock_guard lock(mutex_);
  std::chrono::nanoseconds longest{0};
  for (const Member& member : members_) longest = std::max(longest, member.owed_for(now));
  return longest;
}

std::size_t LoopPulse::late(SteadyTime now, std::chrono::nanoseconds limit) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count_if(
      members_, [&](const Member& member) { return member.owed_for(now) > limit; }));
}

}  // namespace penstock::net
