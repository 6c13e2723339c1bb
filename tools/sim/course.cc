#include "sim/course.h"

#include <utility>

#include "net/deadline.h"

namespace penstock::sim {

Course::Course(Timeline timeline, SteadyTime begin, const Behaviour& otherwise)
    : timeline_(std::move(timeline)), begin_(begin) {
  for (const Step& step : timeline_.steps()) {
    Change& change = changes_.emplace_back();
    change.behaviour = otherwise;
    change.requests_left = step.requests;
    // The timeline has checked it.
    if (!step.is_of_door()) (void)apply_overrides(step.changes, change.behaviour);
  }
}

const Behaviour* Course::take_behaviour(SteadyTime now, Asker asker) const {
  for (std::size_t i = 0; i < changes_.size(); ++i) {
    const Step& step = timeline_.steps()[i];
    if (step.is_of_door() || (asker == Asker::kPage && !step.everywhere)) continue;
    if (!step.covers(now - begin_) || !take_one(step, changes_[i])) continue;
    return &changes_[i].behaviour;
  }
  return nullptr;
}

bool Course::take_one(const Step& step, Change& change) {
  if (step.requests == Step::kAnyNumber) return true;
  std::uint64_t left = change.requests_left.load(std::memory_order_relaxed);
  while (left > 0) {
    if (change.requests_left.compare_exchange_weak(left, left - 1)) return true;
  }
  return false;
}

SteadyTime Course::next_door_change(SteadyTime now) const {
  const Step::Time next = timeline_.next_door_change(now - begin_);
  return next == Step::kForEver ? net::Deadline::kNever : begin_ + next;
}

}  // namespace penstock::sim
