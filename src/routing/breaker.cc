#include "routing/breaker.h"

#include <algorithm>

namespace penstock::routing {
namespace {

using std::chrono::nanoseconds;

// The two lowest bits of the word.
constexpr std::uint64_t kClosedBits = 0;
constexpr std::uint64_t kOpenBits = 1;
constexpr std::uint64_t kHalfOpenBits = 2;
constexpr std::uint64_t kProbingBits = 3;
constexpr std::uint64_t kStateMask = 3;

constexpr int kOpeningDoublingsMax = 20;  // more than any limit needs

std::uint64_t time_bits(SteadyTime time) {
  return static_cast<std::uint64_t>(nanoseconds(time.time_since_epoch()).count()) << 2;
}

std::uint64_t bits_of(BreakerState state) {
  switch (state) {
    case BreakerState::kClosed:
      return kClosedBits;
    case BreakerState::kOpen:
      return kOpenBits;
    case BreakerState::kHalfOpen:
      break;
  }
  return kHalfOpenBits;
}

BreakerGate::View view_of(std::uint64_t word) {
  const SteadyTime time{nanoseconds{static_cast<std::int64_t>(word >> 2)}};
  switch (word & kStateMask) {
    case kClosedBits:
      return {.state = BreakerState::kClosed, .time = time};
    case kOpenBits:
      return {.state = BreakerState::kOpen, .time = time};
    default:
      return {.state = BreakerState::kHalfOpen,
              .probe_is_out = (word & kStateMask) == kProbingBits,
              .time = time};
  }
}

}  // namespace

BreakerGate::View BreakerGate::view() const {
  return view_of(word_.load(std::memory_order_relaxed));
}

BreakerGate::Probe BreakerGate::take_probe(SteadyTime now) {
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  while (view_of(word).may_probe(now)) {
    const std::uint64_t probe = word | kProbingBits;
    if (word_.compare_exchange_weak(word, probe, std::memory_order_acq_rel)) return probe;
  }
  return 0;
}

// Only if the state is still the one that the probe left.
void BreakerGate::return_probe(Probe probe) {
  std::uint64_t expected = probe;
  word_.compare_exchange_strong(expected, (probe & ~kStateMask) | kHalfOpenBits,
                                std::memory_order_acq_rel);
}

void BreakerGate::set(BreakerState state, SteadyTime time) {
  word_.store(time_bits(time) | bits_of(state), std::memory_order_release);
}

void Breaker::succeeded(BreakerGate::Probe probe, SteadyTime now,
                        const config::BreakerRules& rules) {
  if (probe == 0) {
    if (failures_in_row_.load(std::memory_order_relaxed) != 0) {
      failures_in_row_.store(0, std::memory_order_relaxed);
    }
    if (now.time_since_epoch().count() >= window_end_.load(std::memory_order_relaxed)) {
      const std::lock_guard lock(mutex_);
      roll_over(now, rules);
    }
    window_successes_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  const std::lock_guard lock(mutex_);
  if (gate_.word_.load(std::memory_order_relaxed) != probe) return;
  if (++probe_successes_ >= rules.successes) {
    close(now);
  } else {
    gate_.return_probe(probe);
  }
}

void Breaker::failed(BreakerGate::Probe probe, SteadyTime now, const config::BreakerRules& rules,
                     std::uint64_t random) {
  const std::lock_guard lock(mutex_);
  if (probe != 0) {
    if (gate_.word_.load(std::memory_order_relaxed) != probe) return;
    ++openings_in_row_;
    open(now, rules, random);
    return;
  }
  if (!gate_.is_closed()) return;
  roll_over(now, rules);
  ++window_failures_;
  failures_in_row_.fetch_add(1, std::memory_order_relaxed);
  if (must_open(rules)) open(now, rules, random);
}

void Breaker::check_failed(SteadyTime now, const config::BreakerRules& rules,
                           std::uint64_t random) {
  const std::lock_guard lock(mutex_);
  const BreakerGate::View view = gate_.view();
  if (view.is_closed()) {
    open(now, rules, random);
  } else {
    const SteadyTime end = now + rules.open_for;
    gate_.set(BreakerState::kOpen,
              view.state == BreakerState::kOpen ? std::max(view.time, end) : end);
  }
}

void Breaker::check_succeeded(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (gate_.view().state == BreakerState::kOpen) gate_.set(BreakerState::kHalfOpen, now);
}

// A window begins with the first request after the end of the last.
void Breaker::roll_over(SteadyTime now, const config::BreakerRules& rules) {
  if (now.time_since_epoch().count() < window_end_.load(std::memory_order_relaxed)) return;
  window_failures_ = 0;
  window_successes_.store(0, std::memory_order_relaxed);
  window_end_.store((now + rules.window).time_since_epoch().count(), std::memory_order_relaxed);
}

bool Breaker::must_open(const config::BreakerRules& rules) const {
  if (failures_in_row_.load(std::memory_order_relaxed) >= rules.failures) return true;
  const double requests =
      static_cast<double>(window_failures_) + window_successes_.load(std::memory_order_relaxed);
  return requests >= static_cast<double>(rules.min_requests) &&
         window_failures_ >= rules.failure_rate * requests;
}

void Breaker::open(SteadyTime now, const config::BreakerRules& rules, std::uint64_t random) {
  const auto doublings = std::min<std::uint32_t>(openings_in_row_, kOpeningDoublingsMax);
  const nanoseconds length = std::min(rules.open_for * (1 << doublings), rules.open_max);
  const nanoseconds jitter{static_cast<std::int64_t>(
      static_cast<double>(length.count()) * 0.1 * (static_cast<double>(random >> 11) * 0x1p-53))};
  probe_successes_ = 0;
  gate_.set(BreakerState::kOpen, now + length - jitter);
}

void Breaker::close(SteadyTime now) {
  openings_in_row_ = 0;
  probe_successes_ = 0;
  failures_in_row_.store(0, std::memory_order_relaxed);
  window_end_.store(0, std::memory_order_relaxed);
  gate_.set(BreakerState::kClosed, now);
}

double slow_start_share(SteadyTime closed, SteadyTime now, std::chrono::milliseconds slow_start) {
  constexpr double kFirstShare = 0.1;
  if (closed == SteadyTime{} || now - closed >= slow_start) return 1;
  const auto elapsed = std::chrono::duration<double>(std::max(now - closed, nanoseconds{0}));
  return kFirstShare + (1 - kFirstShare) * (elapsed / std::chrono::duration<double>(slow_start));
}

}  // namespace penstock::routing
