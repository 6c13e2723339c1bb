#pragma once

// Pace: when each part of an answer is due.

#include <chrono>
#include <cstdint>

#include "core/clock.h"
#include "net/deadline.h"
#include "sim/behaviour.h"

namespace penstock::sim {

class Pace {
 public:
  Pace(SteadyTime begin, const Behaviour& behaviour) : begin_(begin), behaviour_(behaviour) {}

  // When what stands behind `tokens` tokens of an answer of `total` is due: the first of them after
  // the first-token time, what follows the last one together with it. Deadline::kNever: behind a
  // stall without end.
  SteadyTime due(std::uint64_t tokens, std::uint64_t total) const {
    SteadyTime time = begin_ + behaviour_.first_token;
    if (tokens >= behaviour_.stall_after_tokens) {
      if (behaviour_.stall.count() == 0) return net::Deadline::kNever;
      time += behaviour_.stall;
    }
    if (behaviour_.tokens_per_second <= 0 || total == 0) return time;
    const std::uint64_t pauses = tokens < total ? tokens : total - 1;
    const double seconds = static_cast<double>(pauses) / behaviour_.tokens_per_second;
    // Beyond that, the clock's range would end before the answer.
    constexpr double kSecondsMax = 1e9;
    if (seconds > kSecondsMax) return net::Deadline::kNever;
    return time + std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
  }

 private:
  SteadyTime begin_;
  const Behaviour& behaviour_;
};

}  // namespace penstock::sim
