#pragma once

// The breaker of a target for one family of routes: it keeps requests away from a target that
// fails.
//
//     closed --failures--> open --time--> half-open --successes--> closed, with a slow start
//                            ^---- failure of a probe ----'
//
// Closed: it opens after `failures` in a row, or when of at least `min_requests` in a window the
// part `failure_rate` has failed. Half-open: one probe at a time, over all threads. Closed again:
// the weight of the target grows from a tenth to the whole within `slow_start`.
//
// Requests read one word (BreakerGate), which is part of the target's line of memory. A success in
// the closed state costs a few relaxed operations; the mutex is taken by failures, by verdicts of
// probes, and at the end of a window.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "config/routing.h"
#include "core/clock.h"

namespace penstock::routing {

enum class BreakerState : std::uint8_t { kClosed, kOpen, kHalfOpen };

// State and time in one word: what a request has to know.
class BreakerGate {
 public:
  struct View {
    BreakerState state = BreakerState::kClosed;
    bool probe_is_out = false;  // of kHalfOpen
    SteadyTime time{};          // kOpen: its end. kClosed: when it closed, or zero

    // Whether ordinary requests pass; else whether a probe may begin.
    bool is_closed() const { return state == BreakerState::kClosed; }
    bool may_probe(SteadyTime now) const {
      return state == BreakerState::kHalfOpen ? !probe_is_out
                                              : state == BreakerState::kOpen && now >= time;
    }
  };

  View view() const;
  // The two lowest bits are the state; zero is closed.
  bool is_closed() const { return (word_.load(std::memory_order_relaxed) & 3) == 0; }
  // A probe's right to judge; zero is none.
  using Probe = std::uint64_t;
  // Takes the one probe. Zero: somebody else has it, or it is not the time.
  Probe take_probe(SteadyTime now);
  // The probe ended without a verdict: another may begin.
  void return_probe(Probe probe);

 private:
  friend class Breaker;
  void set(BreakerState state, SteadyTime time);

  std::atomic<std::uint64_t> word_{0};
};

class Breaker {
 public:
  explicit Breaker(BreakerGate& gate) : gate_(gate) {}
  Breaker(const Breaker&) = delete;
  Breaker& operator=(const Breaker&) = delete;

  // A verdict about one request, whose `probe` is zero if it is an ordinary one. Ordinary requests
  // count only while it is closed: what began before says nothing about a probe. `random` is for
  // the jitter: an opening lasts up to a tenth less than its rule says.
  void succeeded(BreakerGate::Probe probe, SteadyTime now, const config::BreakerRules& rules);
  void failed(BreakerGate::Probe probe, SteadyTime now, const config::BreakerRules& rules,
              std::uint64_t random);

  // An active check failed: it opens, or stays open for `open_for` from now on.
  void check_failed(SteadyTime now, const config::BreakerRules& rules, std::uint64_t random);
  // Active checks are good: an open one is half-open.
  void check_succeeded(SteadyTime now);

  // For display.
  std::uint32_t failures_in_row() const { return failures_in_row_.load(std::memory_order_relaxed); }

 private:
  void roll_over(SteadyTime now, const config::BreakerRules& rules);
  bool must_open(const config::BreakerRules& rules) const;
  void open(SteadyTime now, const config::BreakerRules& rules, std::uint64_t random);
  void close(SteadyTime now);

  BreakerGate& gate_;
  std::atomic<std::uint32_t> failures_in_row_{0};
  std::atomic<std::uint32_t> window_successes_{0};
  std::atomic<std::int64_t> window_end_{0};
  std::mutex mutex_;
  std::uint32_t window_failures_ = 0;
  std::uint32_t probe_successes_ = 0;
  std::uint32_t openings_in_row_ = 0;
};

// The part of its weight that a target has, between 0.1 and 1, which closed at `closed`.
double slow_start_share(SteadyTime closed, SteadyTime now, std::chrono::milliseconds slow_start);

}  // namespace penstock::routing
