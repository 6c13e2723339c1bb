#pragma once

// UpstreamReport: decides when the log is told that requests to an upstream fail, and when that
// they are answered again.
//
// Each is told once, however many requests and threads notice it, and an upstream that comes and
// goes is told of at most once in kQuiet. One for each provider of the configuration, shared by all
// threads, and by later configurations in which the upstream is the same. A request that is
// answered while all is well costs one relaxed load; everything else takes the mutex.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "core/clock.h"

namespace penstock::providers {

class UpstreamReport {
 public:
  // After a recovery that was told.
  static constexpr std::chrono::minutes kQuiet{1};
  // A single request may fail for reasons of its own.
  static constexpr std::uint32_t kFailuresInRow = 3;

  enum class Failure : std::uint8_t {
    kUnreachable,  // there is no connection: says enough by itself
    kNoAnswer,     // none, or one that says that the service does not work
  };

  UpstreamReport() = default;
  UpstreamReport(const UpstreamReport&) = delete;
  UpstreamReport& operator=(const UpstreamReport&) = delete;

  // Whether there is something for answered() to know.
  bool has_failed() const { return failures_.load(std::memory_order_relaxed) != 0; }

  // True: the log is to be told.
  bool failed(Failure failure, SteadyTime now);
  // For how long requests have failed, if the log is to be told that they do no more.
  std::optional<std::chrono::nanoseconds> answered(SteadyTime now);

 private:
  std::atomic<std::uint32_t> failures_{0};  // in a row; changed under the mutex
  std::mutex mutex_;                        // of what follows
  SteadyTime failing_since_{};
  bool is_down_ = false;
  bool is_told_ = false;
  std::optional<SteadyTime> recovered_;  // the last time that it was told
};

}  // namespace penstock::providers
