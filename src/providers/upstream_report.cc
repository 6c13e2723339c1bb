#include "providers/upstream_report.h"

#include <algorithm>
#include <utility>

namespace penstock::providers {

bool UpstreamReport::failed(Failure failure, SteadyTime now) {
  const std::lock_guard lock(mutex_);
  const std::uint32_t before = failures_.load(std::memory_order_relaxed);
  if (before == 0) failing_since_ = now;
  const std::uint32_t failures = std::min(before + 1, kFailuresInRow);
  failures_.store(failures, std::memory_order_relaxed);
  is_down_ = is_down_ || failure == Failure::kUnreachable || failures == kFailuresInRow;
  const bool is_quiet = recovered_ && now - *recovered_ < kQuiet;
  if (!is_down_ || is_quiet) return false;
  return !std::exchange(is_told_, true);
}

std::optional<std::chrono::nanoseconds> UpstreamReport::answered(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  failures_.store(0, std::memory_order_relaxed);
  is_down_ = false;
  if (!std::exchange(is_told_, false)) return std::nullopt;
  recovered_ = now;
  return now - failing_since_;
}

}  // namespace penstock::providers
