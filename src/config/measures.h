#pragma once

// Measures of sizes and of times, for the ranges of settings.

#include <chrono>
#include <cstddef>

namespace penstock::config {

inline constexpr std::size_t kKib = 1024;
inline constexpr std::size_t kMib = 1024 * kKib;
inline constexpr std::size_t kGib = 1024 * kMib;

inline constexpr std::chrono::milliseconds kOff{0};  // where it has a special meaning
inline constexpr std::chrono::milliseconds kShortest{1};
inline constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 7);

}  // namespace penstock::config
