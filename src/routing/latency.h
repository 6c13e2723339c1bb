#pragma once

// The time to the first content of a target's answers: a moving average that follows a peak at once
// and forgets it within about ten seconds, also if nothing is asked meanwhile. So a slow target is
// tried again. One atomic word: value and time.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "core/clock.h"

namespace penstock::routing {

class Latency {
 public:
  static constexpr std::chrono::seconds kDecay{10};

  void add(std::chrono::nanoseconds sample, SteadyTime now);
  // In seconds. nullopt: without a sample.
  std::optional<double> seconds(SteadyTime now) const;

 private:
  std::atomic<std::uint64_t> word_{0};
};

}  // namespace penstock::routing
