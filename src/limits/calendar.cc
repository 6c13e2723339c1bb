#include "limits/calendar.h"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

namespace penstock::limits {
namespace {

using config::BudgetUnit;

absl::TimeZone zone_of(const config::BudgetRule& rule) {
  absl::TimeZone zone;
  // UTC if it cannot be loaded.
  absl::LoadTimeZone(rule.time_zone, &zone);
  return zone;
}

WallTime wall_time(absl::Time time) {
  return absl::ToChronoTime(time);
}

// Rounded down, also before the year 0 of the scale.
template <class Civil>
Civil whole(Civil civil, Civil origin, std::int64_t units) {
  const std::int64_t since = civil - origin;
  const std::int64_t rest = ((since % units) + units) % units;
  return civil - rest;
}

// Weeks are counted from a Monday.
constexpr absl::CivilDay kFirstMonday(1970, 1, 5);

absl::CivilSecond begin_of(BudgetUnit unit, std::int64_t units, absl::CivilSecond now) {
  switch (unit) {
    case BudgetUnit::kHour:
      return absl::CivilSecond(whole(absl::CivilHour(now), absl::CivilHour(1970), units));
    case BudgetUnit::kDay:
      return absl::CivilSecond(whole(absl::CivilDay(now), absl::CivilDay(1970), units));
    case BudgetUnit::kWeek:
      return absl::CivilSecond(whole(absl::CivilDay(now), kFirstMonday, 7 * units));
    case BudgetUnit::kMonth:
      return absl::CivilSecond(whole(absl::CivilMonth(now), absl::CivilMonth(1970), units));
    case BudgetUnit::kQuarter:
      return absl::CivilSecond(whole(absl::CivilMonth(now), absl::CivilMonth(1970), 3 * units));
    case BudgetUnit::kYear:
      return absl::CivilSecond(whole(absl::CivilYear(now), absl::CivilYear(1970), units));
    case BudgetUnit::kTotal:
      break;
  }
  return now;
}

// So many units later. A day that a month does not have is one of the next one.
absl::CivilSecond end_of(BudgetUnit unit, std::int64_t units, absl::CivilSecond began) {
  std::int64_t years = 0;
  std::int64_t months = 0;
  std::int64_t days = 0;
  std::int64_t hours = 0;
  switch (unit) {
    case BudgetUnit::kHour:
      hours = units;
      break;
    case BudgetUnit::kDay:
      days = units;
      break;
    case BudgetUnit::kWeek:
      days = 7 * units;
      break;
    case BudgetUnit::kMonth:
      months = units;
      break;
    case BudgetUnit::kQuarter:
      months = 3 * units;
      break;
    case BudgetUnit::kYear:
    case BudgetUnit::kTotal:
      years = units;
      break;
  }
  return absl::CivilSecond(began.year() + years, began.month() + months, began.day() + days,
                           began.hour() + hours, began.minute(), began.second());
}

}  // namespace

WindowTimes window_at(const config::BudgetRule& rule, WallTime now) {
  if (rule.unit == BudgetUnit::kTotal) return {.began = now};
  const absl::TimeZone zone = zone_of(rule);
  const absl::CivilSecond local = absl::ToCivilSecond(absl::FromChrono(now), zone);
  const bool rolls = rule.alignment == config::BudgetAlignment::kRolling;
  const absl::CivilSecond begin = rolls ? local : begin_of(rule.unit, rule.units, local);
  // From one local time to the other: a day that begins at one o'clock still ends at midnight.
  const absl::CivilSecond end = end_of(rule.unit, rule.units, begin);
  return {.began = rolls ? now : wall_time(absl::FromCivil(begin, zone)),
          .ends = wall_time(absl::FromCivil(end, zone))};
}

}  // namespace penstock::limits
