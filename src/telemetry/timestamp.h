#pragma once

// Dates of log lines: RFC 3339 in UTC with milliseconds, "2026-01-31T23:59:59.123Z".

#include <array>
#include <chrono>
#include <cstddef>
#include <string_view>

#include "core/clock.h"

namespace penstock::telemetry {

// Writes dates one after the other; a date in the same second as the last costs three digits.
// Belongs to one thread.
class Timestamp {
 public:
  static constexpr std::size_t kBytes = 24;

  // Valid until the next call. For dates from 1970 on.
  std::string_view text(WallTime time);

 private:
  void write_second(std::chrono::sys_seconds second);

  std::array<char, kBytes> text_{};
  std::chrono::sys_seconds second_ = std::chrono::sys_seconds::min();
};

}  // namespace penstock::telemetry
