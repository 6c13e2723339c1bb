#pragma once

// The texts of scalars as values: pure functions, nothing where the text is not of that form.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::config {

// true, false, yes, no, on, off, ignoring case.
std::optional<bool> parse_boolean(std::string_view text);

// A whole number of bytes: digits, then nothing or KiB, MiB or GiB (ignoring case, a space before
// them allowed). Nothing where the number of bytes is beyond 2^63.
std::optional<std::uint64_t> parse_size(std::string_view text);

// Seconds as a number, with a fraction if need be, or a number with ms, s, m or h. Rounded up to
// whole milliseconds. Nothing for negative numbers and for more than 1000 days.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// -5, -0.5s: a number that is refused for its sign alone.
bool is_negative_number(std::string_view text);

}  // namespace penstock::config
