#pragma once

// How many retries a route may make, over all threads: a part of its requests in flight, and a few
// a second beside, of which those of ten seconds can be made at once. A retry counts until its
// request ends, so that of the requests no larger part than `percent` is repeated, however fast the
// failures come.

#include <atomic>
#include <cstdint>

#include "config/routing.h"
#include "core/clock.h"

namespace penstock::routing {

class RetryBudget {
 public:
  void request_began() { counts_.fetch_add(kRequest, std::memory_order_relaxed); }
  // `retries`: how many of its retries were `kShare`.
  void request_ended(std::uint32_t retries);

  enum class Grant : std::uint8_t { kNone, kShare, kPerSecond };
  Grant take(SteadyTime now, const config::RetryRules::Budget& rules);

  std::uint32_t requests() const;

 private:
  static constexpr std::uint64_t kRequest = std::uint64_t{1} << 32;  // below it: the retries

  bool take_share(double percent);
  bool take_per_second(SteadyTime now, double per_second);

  std::atomic<std::uint64_t> counts_{0};
  // When the tokens of min_per_second would all be back.
  std::atomic<std::int64_t> full_at_{0};
};

}  // namespace penstock::routing
