#pragma once

// Pace: when each part of an answer is due.

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "core/clock.h"
#include "net/deadline.h"
#include "sim/behaviour.h"

namespace penstock::sim {

class Pace {
 public:
  Pace(SteadyTime begin, const Behaviour& behaviour) : begin_(begin), behaviour_(behaviour) {}

  // When the part after `tokens` tokens of an answer of `total` is due: the first token after the
  // first-token time, and what follows the last one together with it. Deadline::kNever: after a
  // stall without end.
  SteadyTime due(std::uint64_t tokens, std::uint64_t total) const {
    SteadyTime time = first_token();
    if (tokens >= behaviour_.stall_after_tokens) time = stalled(time);
    if (time == net::Deadline::kNever) return time;
    if (behaviour_.tokens_per_second <= 0 || total == 0) return time;
    const std::uint64_t pauses = tokens < total ? tokens : total - 1;
    const double seconds = static_cast<double>(pauses) / behaviour_.tokens_per_second;
    if (seconds > kSecondsMax) return net::Deadline::kNever;
    return time + std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
  }

  // The same for the next event of a stream.
  SteadyTime event_due(std::uint64_t events, std::uint64_t tokens, std::uint64_t total) const {
    const SteadyTime time = due(tokens, total);
    return events >= behaviour_.stall_after_events ? stalled(time) : time;
  }

  // When a whole answer is due.
  SteadyTime whole_due(std::uint64_t tokens) const {
    const SteadyTime time = due(tokens, tokens);
    return behaviour_.stall_after_events != Behaviour::kNever ? stalled(time) : time;
  }

 private:
  // Beyond that, the clock's range would end before the answer.
  static constexpr double kSecondsMax = 1e9;

  SteadyTime stalled(SteadyTime time) const {
    const bool for_ever = behaviour_.stall.count() == 0 || time == net::Deadline::kNever;
    return for_ever ? net::Deadline::kNever : time + behaviour_.stall;
  }

  // In step, it waits for the next moment at which the tokens of this pace are due.
  SteadyTime first_token() const {
    const SteadyTime time = begin_ + behaviour_.first_token;
    if (!behaviour_.in_step || behaviour_.tokens_per_second <= 0) return time;
    const double seconds = std::clamp(1 / behaviour_.tokens_per_second, 1e-9, kSecondsMax);
    const std::chrono::nanoseconds step(static_cast<std::int64_t>(seconds * 1e9));
    const auto since_step = time.time_since_epoch() % step;
    return since_step.count() == 0 ? time : time + (step - since_step);
  }

  SteadyTime begin_;
  const Behaviour& behaviour_;
};

}  // namespace penstock::sim
