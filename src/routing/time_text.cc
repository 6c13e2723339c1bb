#include "routing/time_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/text.h"

namespace penstock::routing {
namespace {

using std::chrono::days;
using std::chrono::nanoseconds;
using std::chrono::seconds;

using Duration = std::optional<nanoseconds>;
// Reaches beyond the year 9999, which nanoseconds do not.
using Instant = std::chrono::sys_time<std::chrono::microseconds>;

struct Unit {
  std::string_view name;
  nanoseconds length;
};

// A longer name precedes its front.
constexpr std::array kUnits = {
    Unit{"ns", nanoseconds(1)},
    Unit{"us", std::chrono::microseconds(1)},
    Unit{"\u00B5s", std::chrono::microseconds(1)},
    Unit{"\u03BCs", std::chrono::microseconds(1)},
    Unit{"ms", std::chrono::milliseconds(1)},
    Unit{"s", seconds(1)},
    Unit{"m", std::chrono::minutes(1)},
    Unit{"h", std::chrono::hours(1)},
    Unit{"d", days(1)},
};
constexpr std::array kWords = {
    Unit{"millisecond", std::chrono::milliseconds(1)},
    Unit{"second", seconds(1)},
    Unit{"minute", std::chrono::minutes(1)},
    Unit{"hour", std::chrono::hours(1)},
    Unit{"day", days(1)},
};

// Takes a number without a sign from the front.
std::optional<double> take_number(std::string_view& text) {
  if (text.empty() || !(is_digit(text.front()) || text.front() == '.')) return {};
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  // More digits than a double has: very long, or nothing.
  if (read.ec == std::errc::result_out_of_range) value = HUGE_VAL;
  if (read.ec == std::errc::invalid_argument) return {};
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return value;
}

nanoseconds times(double count, nanoseconds unit) {
  const double product = count * static_cast<double>(unit.count());
  if (product >= static_cast<double>(kLongest.count())) return kLongest;
  return nanoseconds(std::llround(product));
}

const Unit* take_unit(std::string_view& text, const auto& units) {
  for (const Unit& unit : units) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return &unit;
  }
  return nullptr;
}

// Takes `1h2m3.5s` from the front. Nullopt if there is no number with a unit.
Duration take_duration(std::string_view& text) {
  Duration sum;
  for (;;) {
    std::string_view rest = text;
    const std::optional<double> count = take_number(rest);
    if (!count) return sum;
    const Unit* const unit = take_unit(rest, kUnits);
    if (unit == nullptr) return sum;
    sum = std::min(sum.value_or(nanoseconds(0)) + times(*count, unit->length), kLongest);
    text = rest;
  }
}

Duration until(Instant then, WallTime now) {
  const auto remains = then - std::chrono::floor<std::chrono::microseconds>(now);
  if (remains < remains.zero()) return {};
  return std::min<std::chrono::microseconds>(
      remains, std::chrono::duration_cast<std::chrono::microseconds>(kLongest));
}

// Reads a date by a pattern: a letter stands for a digit of that field, `W` for any letters (the
// name of a day), `N` for the name of a month, `_` for a space or a digit of the day.
struct Fields {
  unsigned year = 0;
  unsigned month = 0;
  unsigned day = 0;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
};

unsigned* field_of(Fields& fields, char letter) {
  switch (letter) {
    case 'Y':
      return &fields.year;
    case 'M':
      return &fields.month;
    case 'D':
      return &fields.day;
    case 'h':
      return &fields.hour;
    case 'm':
      return &fields.minute;
    case 's':
      return &fields.second;
    default:
      return nullptr;
  }
}

unsigned take_month(std::string_view& text) {
  constexpr std::string_view kNames = "janfebmaraprmayjunjulaugsepoctnovdec";
  const std::string name = lower_case(text.substr(0, 3));
  const std::size_t at = kNames.find(name);
  if (name.size() != 3 || at == std::string_view::npos || at % 3 != 0) return 0;
  text.remove_prefix(3);
  return static_cast<unsigned>(at / 3 + 1);
}

// Takes one character of the pattern. False if the text differs.
bool take_part(char part, std::string_view& text, Fields& fields) {
  if (part == 'W') {
    const auto* const end = std::ranges::find_if_not(text, is_letter);
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
    return true;
  }
  if (part == 'N') {
    fields.month = take_month(text);
    return fields.month != 0;
  }
  if (text.empty()) return false;
  const char c = text.front();
  text.remove_prefix(1);
  if (part == '_' && c == ' ') return true;
  unsigned* const field = field_of(fields, part == '_' ? 'D' : part);
  if (field == nullptr) return c == part || (part == 'T' && (c == 't' || c == ' '));
  if (!is_digit(c)) return false;
  *field = *field * 10 + static_cast<unsigned>(c - '0');
  return true;
}

// What follows the pattern remains in `text`.
std::optional<Fields> take_pattern(std::string_view pattern, std::string_view& text) {
  Fields fields;
  for (const char part : pattern) {
    if (!take_part(part, text, fields)) return {};
  }
  return fields;
}

std::optional<Instant> instant_of(const Fields& fields) {
  const auto date = std::chrono::year(static_cast<int>(fields.year)) /
                    std::chrono::month(fields.month) / std::chrono::day(fields.day);
  // A leap second is one.
  if (!date.ok() || fields.hour > 23 || fields.minute > 59 || fields.second > 60) return {};
  return std::chrono::sys_days(date) + std::chrono::hours(fields.hour) +
         std::chrono::minutes(fields.minute) + seconds(fields.second);
}

// Two digits stand for the year of that end that is at most 50 years ahead.
void complete_year(Fields& fields, WallTime now) {
  const std::chrono::year_month_day today(std::chrono::floor<days>(now));
  const unsigned this_year = static_cast<unsigned>(static_cast<int>(today.year()));
  fields.year += this_year - this_year % 100;
  if (fields.year > this_year + 50) fields.year -= 100;
}

std::optional<Instant> http_date(std::string_view text, WallTime now) {
  std::string_view rest = text;
  if (const auto fields = take_pattern("W, DD N YYYY hh:mm:ss G", rest); fields && rest == "MT") {
    return instant_of(*fields);
  }
  rest = text;
  if (auto fields = take_pattern("W, DD-N-YY hh:mm:ss G", rest); fields && rest == "MT") {
    complete_year(*fields, now);
    return instant_of(*fields);
  }
  rest = text;
  if (const auto fields = take_pattern("W N _D hh:mm:ss YYYY", rest); fields && rest.empty()) {
    return instant_of(*fields);
  }
  return {};
}

// `Z` or `+01:30`, as what is to be subtracted.
std::optional<seconds> offset(std::string_view text) {
  if (text == "Z" || text == "z") return seconds(0);
  if (text.empty() || (text.front() != '+' && text.front() != '-')) return {};
  std::string_view rest = text.substr(1);
  const auto fields = take_pattern("hh:mm", rest);
  if (!fields || !rest.empty() || fields->hour > 23 || fields->minute > 59) return {};
  const seconds length = std::chrono::hours(fields->hour) + std::chrono::minutes(fields->minute);
  return text.front() == '+' ? length : -length;
}

std::optional<Instant> rfc3339(std::string_view text) {
  const auto fields = take_pattern("YYYY-MM-DDThh:mm:ss", text);
  if (!fields) return {};
  double fraction = 0;
  if (text.starts_with('.')) fraction = take_number(text).value_or(2);
  const std::optional<Instant> whole = instant_of(*fields);
  const std::optional<seconds> ahead = offset(text);
  if (!whole || !ahead || fraction > 1) return {};
  return *whole + std::chrono::microseconds(std::llround(fraction * 1e6)) - *ahead;
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  text = trim(text);
  const std::optional<double> number = take_number(text);
  return text.empty() ? number : std::nullopt;
}

Duration parse_count(std::string_view text, nanoseconds unit) {
  const std::optional<double> count = parse_number(text);
  if (!count) return {};
  return times(*count, unit);
}

Duration parse_duration(std::string_view text) {
  text = trim(text);
  if (const Duration bare = parse_count(text, seconds(1))) return bare;
  const Duration duration = take_duration(text);
  return text.empty() ? duration : Duration();
}

Duration leading_duration(std::string_view text) {
  std::string_view rest = text;
  const std::optional<double> count = take_number(rest);
  if (!count) return {};
  if (rest.starts_with(' ')) {
    rest.remove_prefix(1);
    if (const Unit* const unit = take_unit(rest, kWords)) return times(*count, unit->length);
  }
  // A unit is not the front of a word.
  const Duration duration = take_duration(text);
  return text.empty() || !is_letter(text.front()) ? duration : Duration();
}

Duration until_date(std::string_view text, WallTime now) {
  text = trim(text);
  std::optional<Instant> then = http_date(text, now);
  if (!then) then = rfc3339(text);
  return then ? until(*then, now) : Duration();
}

Duration until_epoch(std::string_view text, nanoseconds unit, WallTime now) {
  const std::optional<double> count = parse_number(text);
  if (!count) return {};
  // Exact to the microsecond for centuries.
  const double microseconds = *count * (static_cast<double>(unit.count()) / 1000);
  constexpr double kBeyondAll = 1e18;
  if (microseconds >= kBeyondAll) return kLongest;
  return until(Instant(std::chrono::microseconds(std::llround(microseconds))), now);
}

}  // namespace penstock::routing
