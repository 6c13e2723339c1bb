#pragma once

// Durations and points in time, in the spellings that services use for them.
//
// What is negative, not a number or malformed is nothing. A duration of more than kLongest counts
// as kLongest, so that nothing overflows.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/clock.h"

namespace penstock::routing {

inline constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(24 * 3650);

// Decimal, without a sign; of too many digits, infinite.
std::optional<double> parse_number(std::string_view text);

// `1.5` of `unit`.
std::optional<std::chrono::nanoseconds> parse_count(std::string_view text,
                                                    std::chrono::nanoseconds unit);

// As Go writes durations: `1h2m3.5s`, `12ms`; or a bare number of seconds.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

// As parse_duration(), of the front of a sentence: `1m30s. Visit`, `6 seconds.`, `2 minutes`.
std::optional<std::chrono::nanoseconds> leading_duration(std::string_view text);

// The time from `now` until what the text states; nullopt if that is past.
//
// A date of HTTP in its three forms (RFC 9110 section 5.6.7), or one of RFC 3339.
std::optional<std::chrono::nanoseconds> until_date(std::string_view text, WallTime now);
// A number of seconds or milliseconds since 1970.
std::optional<std::chrono::nanoseconds> until_epoch(std::string_view text,
                                                    std::chrono::nanoseconds unit, WallTime now);

}  // namespace penstock::routing
