#pragma once

// How long tests wait. No test waits for time to pass: these limits fail a wait for something that
// should have happened. They are generous, so that a busy machine and a sanitizer do not fail a
// test; promptness is checked with kPromptly.

#include <chrono>

namespace penstock::testing {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using std::chrono::milliseconds;

#ifdef PENSTOCK_SANITIZED
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// For anything that should happen at once.
inline constexpr milliseconds kPatience{kSanitized ? 30'000 : 10'000};
// For what is promised within 200 ms.
inline constexpr milliseconds kPromptly{kSanitized ? 2'000 : 200};

inline TimePoint after(milliseconds time) {
  return Clock::now() + time;
}

// The rest of the time in the form of poll(2).
inline int poll_milliseconds(TimePoint until) {
  const auto left = std::chrono::ceil<milliseconds>(until - Clock::now()).count();
  return left > 0 ? static_cast<int>(left) : 0;
}

}  // namespace penstock::testing
