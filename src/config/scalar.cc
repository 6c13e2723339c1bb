#include "config/scalar.h"

#include <array>
#include <charconv>
#include <cmath>

#include "core/text.h"

namespace penstock::config {
namespace {

struct SizeUnit {
  std::string_view name;
  std::uint64_t bytes;
};
constexpr std::array kSizeUnits = {SizeUnit{"", 1}, SizeUnit{"KiB", std::uint64_t{1} << 10},
                                   SizeUnit{"MiB", std::uint64_t{1} << 20},
                                   SizeUnit{"GiB", std::uint64_t{1} << 30}};

struct TimeUnit {
  std::string_view name;
  double milliseconds;
};
constexpr std::array kTimeUnits = {TimeUnit{"", 1e3}, TimeUnit{"ms", 1}, TimeUnit{"s", 1e3},
                                   TimeUnit{"m", 60e3}, TimeUnit{"h", 3600e3}};

constexpr double kDurationMillisecondsMax = 1000.0 * 24 * 3600e3;

// The digits at the front of `text`, with a fraction if it has one; empty if it does not begin with
// a digit. Excludes exponents, signs, inf and nan.
std::string_view number_at_front(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && is_digit(text[end])) ++end;
  if (end > 0 && end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1])) {
    ++end;
    while (end < text.size() && is_digit(text[end])) ++end;
  }
  return text.substr(0, end);
}

}  // namespace

std::optional<bool> parse_boolean(std::string_view text) {
  for (std::string_view word : {"true", "yes", "on"}) {
    if (equals_ignoring_case(text, word)) return true;
  }
  for (std::string_view word : {"false", "no", "off"}) {
    if (equals_ignoring_case(text, word)) return false;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const std::string_view number = number_at_front(text);
  const std::optional<std::uint64_t> count = parse_decimal(number);
  if (!count) return std::nullopt;
  const std::string_view name = trim(text.substr(number.size()));
  for (const SizeUnit& unit : kSizeUnits) {
    if (!equals_ignoring_case(name, unit.name)) continue;
    if (*count > (std::uint64_t{1} << 63) / unit.bytes) return std::nullopt;
    return *count * unit.bytes;
  }
  return std::nullopt;
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool is_whole = !text.empty() && number_at_front(text).size() == text.size();
  if (!is_whole || error != std::errc()) return std::nullopt;
  return value;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const std::string_view number = number_at_front(text);
  const std::optional<double> value = parse_number(number);
  if (!value) return std::nullopt;
  const std::string_view name = trim(text.substr(number.size()));
  for (const TimeUnit& unit : kTimeUnits) {
    if (name != unit.name) continue;
    const double milliseconds = std::ceil(*value * unit.milliseconds);
    if (milliseconds > kDurationMillisecondsMax) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(milliseconds));
  }
  return std::nullopt;
}

bool is_negative_number(std::string_view text) {
  return text.starts_with('-') && !number_at_front(text.substr(1)).empty();
}

}  // namespace penstock::config
