#pragma once

// How many second attempts a route may begin beside a slow first one, over all threads: at most
// `max_percent` of its requests of the last 60 seconds. And how long is slow: the 95th percentile
// of the times to the first content, of the last answers.
//
// Only routes with hedging use it.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>

#include "core/clock.h"

namespace penstock::routing {

class HedgeBudget {
 public:
  static constexpr std::size_t kSamplesMin = 100;
  static constexpr std::chrono::milliseconds kDelayMin{200};

  void request_began(SteadyTime now);
  // Whether one more may begin; then it is counted.
  bool take(SteadyTime now, double max_percent);

  void add_sample(std::chrono::nanoseconds first_content);
  // At least kDelayMin. nullopt: fewer than kSamplesMin samples.
  std::optional<std::chrono::milliseconds> p95() const;

 private:
  static constexpr std::size_t kSeconds = 60;
  static constexpr std::size_t kSamples = 512;
  static constexpr std::size_t kRecount = 32;  // samples between two looks at all of them

  // Counts by second: the second above, the count below.
  using Counts = std::array<std::atomic<std::uint64_t>, kSeconds>;
  static void count(Counts& counts, std::uint32_t second);
  static std::uint64_t sum(const Counts& counts, std::uint32_t second);
  void recount(std::size_t samples);

  Counts requests_{};
  Counts hedges_{};
  std::mutex mutex_;                                            // of take(): a check and a count
  std::array<std::atomic<std::uint32_t>, kSamples> samples_{};  // milliseconds
  std::atomic<std::uint64_t> sample_count_{0};
  std::atomic<std::uint32_t> p95_{0};  // zero: not yet known
};

}  // namespace penstock::routing
