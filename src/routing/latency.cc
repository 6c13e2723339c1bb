#include "routing/latency.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace penstock::routing {
namespace {

using Ticks = std::chrono::duration<std::int64_t, std::centi>;

// The value's float above, the time below. A time is one of 497 days.
std::uint32_t ticks_of(SteadyTime time) {
  return static_cast<std::uint32_t>(
      std::chrono::duration_cast<Ticks>(time.time_since_epoch()).count());
}

std::uint64_t word_of(double seconds, std::uint32_t ticks) {
  const auto value = static_cast<float>(seconds);
  return std::uint64_t{std::bit_cast<std::uint32_t>(value)} << 32 | ticks;
}

double value_of(std::uint64_t word) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(word >> 32));
}

// What is left of an old value. Another thread's time may be a little later than `now`.
double remainder(std::uint64_t word, std::uint32_t now) {
  const auto elapsed = static_cast<std::int32_t>(now - static_cast<std::uint32_t>(word));
  return std::exp(-std::chrono::duration<double>(Ticks{std::max(elapsed, 0)}) /
                  std::chrono::duration<double>(Latency::kDecay));
}

}  // namespace

void Latency::add(std::chrono::nanoseconds sample, SteadyTime now) {
  constexpr double kMin = 1e-6;  // so that no sample looks like none
  const double seconds = std::max(std::chrono::duration<double>(sample).count(), kMin);
  const std::uint32_t ticks = ticks_of(now);
  std::uint64_t word = word_.load(std::memory_order_relaxed);
  double value = 0;
  do {
    const double above = word == 0 ? 0 : value_of(word) - seconds;
    value = above > 0 ? seconds + above * remainder(word, ticks) : seconds;
  } while (!word_.compare_exchange_weak(word, word_of(value, ticks), std::memory_order_relaxed));
}

std::optional<double> Latency::seconds(SteadyTime now) const {
  const std::uint64_t word = word_.load(std::memory_order_relaxed);
  if (word == 0) return std::nullopt;
  return value_of(word) * remainder(word, ticks_of(now));
}

}  // namespace penstock::routing
