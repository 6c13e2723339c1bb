#pragma once

// Parsing the text of scalars: pure functions, nullopt for text of another form.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::config {

// true, false, yes, no, on, off, ignoring case.
std::optional<bool> parse_boolean(std::string_view text);

// A whole number of bytes: digits, then nothing or KiB, MiB or GiB (ignoring case, a space before
// them allowed). Nullopt if the number of bytes exceeds 2^63.
std::optional<std::uint64_t> parse_size(std::string_view text);

// Seconds as a number, optionally with a fraction, or a number with ms, s, m or h. Rounded up to
// whole milliseconds. Nullopt for negative numbers and for more than 1000 days.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// 5, 0.5: digits, with a fraction if it has one.
std::optional<double> parse_number(std::string_view text);

// -5, -0.5s: a number that is refused only for its sign.
bool is_negative_number(std::string_view text);

}  // namespace penstock::config
