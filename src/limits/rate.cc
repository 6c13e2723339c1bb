#include "limits/rate.h"

#include <algorithm>
#include <limits>

namespace penstock::limits {
namespace {

using std::chrono::nanoseconds;

std::int64_t nanoseconds_of(SteadyTime time) {
  return nanoseconds(time.time_since_epoch()).count();
}

// a * b / c, which fits although a * b may not; the largest number if it does not.
std::int64_t product_over(std::int64_t a, std::int64_t b, std::int64_t c) {
  __extension__ using Wide = __int128;
  const Wide result = Wide{a} * b / c;
  // A quarter of the range, so that sums of such times do not overflow.
  constexpr Wide kMost = std::numeric_limits<std::int64_t>::max() / 4;
  return static_cast<std::int64_t>(std::min(result, kMost));
}

}  // namespace

// Rounded down: as many units as the burst has must fit into it one by one.
nanoseconds Rate::time_of(std::int64_t units) const {
  return nanoseconds(product_over(units, period.count(), amount));
}

std::int64_t Rate::units_in(nanoseconds time) const {
  return product_over(time.count(), amount, period.count());
}

RateMeter::Taken RateMeter::take(const Rate& rate, std::int64_t units, SteadyTime now) {
  if (units > rate.burst) return {.wait = kNever};
  const std::int64_t at = nanoseconds_of(now);
  const std::int64_t cost = rate.time_of(units).count();
  const std::int64_t most = rate.time_of(rate.burst).count();
  std::int64_t before = paid_off_.load(std::memory_order_relaxed);
  for (;;) {
    const std::int64_t after = std::max(before, at) + cost;
    if (after - at > most) return {.wait = nanoseconds(after - at - most)};
    if (paid_off_.compare_exchange_weak(before, after, std::memory_order_relaxed)) {
      return {.paid_off = SteadyTime(nanoseconds(after))};
    }
  }
}

// A time that has passed is as good as now.
void RateMeter::give_back(const Rate& rate, std::int64_t units, const Taken& taken,
                          SteadyTime now) {
  const nanoseconds still_owed = std::max(nanoseconds(0), nanoseconds(taken.paid_off - now));
  const nanoseconds back = std::min(rate.time_of(units), still_owed);
  paid_off_.fetch_sub(back.count(), std::memory_order_relaxed);
}

void RateMeter::owe(const Rate& rate, std::int64_t units, SteadyTime now) {
  const std::int64_t at = nanoseconds_of(now);
  const std::int64_t cost = rate.time_of(units).count();
  // A debt of centuries is as good as a longer one.
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 2;
  std::int64_t before = paid_off_.load(std::memory_order_relaxed);
  std::int64_t after = 0;
  do {
    after = std::min(std::max(before, at) + cost, kMost);
  } while (!paid_off_.compare_exchange_weak(before, after, std::memory_order_relaxed));
}

RateMeter::View RateMeter::view(const Rate& rate, SteadyTime now) const {
  const std::int64_t paid_off = paid_off_.load(std::memory_order_relaxed);
  const nanoseconds owed(std::max<std::int64_t>(0, paid_off - nanoseconds_of(now)));
  const nanoseconds left = std::max(nanoseconds(0), rate.time_of(rate.burst) - owed);
  // Rounded: a unit that was paid for with a rounded time counts as a whole one.
  const nanoseconds half(rate.time_of(1) / 2);
  return {.remaining = std::min(rate.burst, rate.units_in(left + half)), .until_full = owed};
}

}  // namespace penstock::limits
