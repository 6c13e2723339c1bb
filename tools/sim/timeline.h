#pragma once

// Timeline: what goes wrong with an upstream, and when.
//
// A list of steps, each on a line, that begin so long after the timeline's start:
//
//     at 5 s answer 429 with retry-after 2 for 10 s
//     at 20 s refuse for 3 s
//
// docs/simulator.md has the grammar. A step either changes the behaviour of requests or the port's
// door. Of the steps of a kind that are in force, the first of the list counts; with none, all is
// well. Plain data: knows no clock. A Course is a timeline that has begun.

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "sim/plain_words.h"

namespace penstock::sim {

// What becomes of those who want to connect.
enum class DoorState : std::uint8_t {
  kOpen,
  kRefusing,   // nobody listens; idle connections are closed, and requests in progress go on
  kDead,       // nobody listens, and all connections have been cut, as when a process is killed
  kResetting,  // connections are accepted and reset at once; all others have been cut
};

struct Step {
  using Time = std::chrono::nanoseconds;
  static constexpr Time kForEver = Time::max();
  static constexpr std::uint64_t kAnyNumber = std::numeric_limits<std::uint64_t>::max();

  Time begin{0};
  Time length = kForEver;
  Time period{0};                       // it begins again after so long; 0: never
  std::uint64_t requests = kAnyNumber;  // it ends with so many
  DoorState door = DoorState::kOpen;    // else the step is one of the door
  std::string changes;                  // of the behaviour, as apply_overrides() takes them
  bool everywhere = false;              // the routes about models and health take part

  bool is_of_door() const { return door != DoorState::kOpen; }
  // Whether it is in force so long after the timeline's start, by the time alone.
  bool covers(Time elapsed) const;
  // When that changes next; kForEver: never.
  Time next_change(Time elapsed) const;
};

class Timeline {
 public:
  // Nothing ever goes wrong.
  Timeline() = default;
  // Fails with kInvalidRequest, and says which line is wrong and why.
  static Result<Timeline> parse(std::string_view text);
  // The same for one line of several; it begins with `at`.
  Status add(const WordLine& line);

  bool empty() const { return steps_.empty(); }
  const std::vector<Step>& steps() const { return steps_; }

  DoorState door_at(Step::Time elapsed) const;
  // When the door may change next; kForEver: never.
  Step::Time next_door_change(Step::Time elapsed) const;

 private:
  std::vector<Step> steps_;
};

}  // namespace penstock::sim
