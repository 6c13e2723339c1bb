#include "routing/retry_budget.h"

#include <algorithm>
#include <cmath>

namespace penstock::routing {
namespace {

constexpr std::uint32_t kRetriesMask = 0xffffffff;
// Where requests are few, a failing target must be able to open its breaker without a client that
// gets its error: a handful of failures for each of a few targets.
constexpr double kSecondsAtOnce = 10;

}  // namespace

void RetryBudget::request_ended(std::uint32_t retries) {
  counts_.fetch_sub(kRequest + retries, std::memory_order_relaxed);
}

std::uint32_t RetryBudget::requests() const {
  return static_cast<std::uint32_t>(counts_.load(std::memory_order_relaxed) >> 32);
}

RetryBudget::Grant RetryBudget::take(SteadyTime now, const config::RetryRules::Budget& rules) {
  if (take_share(rules.percent)) return Grant::kShare;
  return take_per_second(now, rules.min_per_second) ? Grant::kPerSecond : Grant::kNone;
}

bool RetryBudget::take_share(double percent) {
  std::uint64_t counts = counts_.load(std::memory_order_relaxed);
  while (true) {
    const auto requests = static_cast<double>(counts >> 32);
    const auto retries = static_cast<double>(counts & kRetriesMask);
    if ((retries + 1) * 100 > percent * requests) return false;
    if (counts_.compare_exchange_weak(counts, counts + 1, std::memory_order_relaxed)) return true;
  }
}

bool RetryBudget::take_per_second(SteadyTime now, double per_second) {
  if (per_second <= 0) return false;
  const auto interval = static_cast<std::int64_t>(1e9 / per_second);
  const auto at_once = static_cast<std::int64_t>(std::max(1.0, kSecondsAtOnce * per_second));
  const std::int64_t time = now.time_since_epoch().count();
  std::int64_t full_at = full_at_.load(std::memory_order_relaxed);
  while (true) {
    const std::int64_t next = std::max(full_at, time) + interval;
    if (next - time > interval * at_once) return false;
    if (full_at_.compare_exchange_weak(full_at, next, std::memory_order_relaxed)) return true;
  }
}

}  // namespace penstock::routing
