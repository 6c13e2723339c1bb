#pragma once

// Course: a timeline that has begun: which behaviour requests get from now on.
//
// Shared by all threads of a simulator; only the counts of its steps change.

#include <atomic>
#include <deque>

#include "core/clock.h"
#include "sim/behaviour.h"
#include "sim/timeline.h"

namespace penstock::sim {

class Course {
 public:
  // `otherwise` is the behaviour that the steps change.
  Course(Timeline timeline, SteadyTime begin, const Behaviour& otherwise);

  // Who asks: a request for work, or one about models or health.
  enum class Asker : std::uint8_t { kRequest, kPage };
  // The behaviour that a step demands; null: none does. Counts the request for the step. Lives as
  // long as the course.
  const Behaviour* take_behaviour(SteadyTime now, Asker asker) const;

  DoorState door_at(SteadyTime now) const { return timeline_.door_at(now - begin_); }
  // Deadline::kNever: the door stays as it is.
  SteadyTime next_door_change(SteadyTime now) const;

 private:
  struct Change {
    Behaviour behaviour;
    std::atomic<std::uint64_t> requests_left{0};
  };

  static bool take_one(const Step& step, Change& change);

  const Timeline timeline_;
  const SteadyTime begin_;
  mutable std::deque<Change> changes_;  // one for each step
};

}  // namespace penstock::sim
