// Windows of budgets.

#include "limits/budget.h"

#include <absl/time/time.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace penstock::limits {
namespace {

using config::BudgetAlignment;
using config::BudgetRule;
using config::BudgetUnit;
using std::chrono::hours;

// "2026-03-29T02:00:00+02:00"
WallTime at(const std::string& text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, text, &time, &error)) << error;
  return absl::ToChronoTime(time);
}

BudgetRule rule_of(BudgetUnit unit, std::uint32_t units = 1, const std::string& zone = "UTC") {
  return {.name = "b", .amount = 100, .unit = unit, .units = units, .time_zone = zone};
}

TEST(BudgetWindows, OfCalendarsBeginWhereCalendarsDo) {
  const WallTime now = at("2026-11-18T15:30:00Z");  // a Wednesday
  const auto window = [&](BudgetUnit unit, std::uint32_t units = 1) {
    return window_at(rule_of(unit, units), now);
  };
  EXPECT_EQ(window(BudgetUnit::kHour).began, at("2026-11-18T15:00:00Z"));
  EXPECT_EQ(window(BudgetUnit::kDay).began, at("2026-11-18T00:00:00Z"));
  EXPECT_EQ(window(BudgetUnit::kDay).ends, at("2026-11-19T00:00:00Z"));
  EXPECT_EQ(window(BudgetUnit::kWeek).began, at("2026-11-16T00:00:00Z"));
  EXPECT_EQ(window(BudgetUnit::kMonth).ends, at("2026-12-01T00:00:00Z"));
  EXPECT_EQ(window(BudgetUnit::kQuarter).began, at("2026-10-01T00:00:00Z"));
  EXPECT_EQ(window(BudgetUnit::kYear).ends, at("2027-01-01T00:00:00Z"));
  EXPECT_EQ(window(BudgetUnit::kMonth, 6).began, at("2026-07-01T00:00:00Z"));
  EXPECT_EQ(window(BudgetUnit::kTotal).ends, WallTime::max());
}

// limits.md case 35
TEST(BudgetWindows, OfADayInBerlinAreAsLongAsTheDayIs) {
  const BudgetRule day = rule_of(BudgetUnit::kDay, 1, "Europe/Berlin");
  const WindowTimes spring = window_at(day, at("2026-03-29T12:00:00Z"));
  EXPECT_EQ(spring.began, at("2026-03-29T00:00:00+01:00"));
  EXPECT_EQ(spring.ends - spring.began, hours(23));
  const WindowTimes autumn = window_at(day, at("2026-10-25T12:00:00Z"));
  EXPECT_EQ(autumn.began, at("2026-10-25T00:00:00+02:00"));
  EXPECT_EQ(autumn.ends - autumn.began, hours(25));
}

// In Chile clocks go from midnight to one o'clock.
TEST(BudgetWindows, OfADayWithoutAMidnightEndAtTheNextMidnight) {
  const BudgetRule day = rule_of(BudgetUnit::kDay, 1, "America/Santiago");
  const WindowTimes spring = window_at(day, at("2026-09-06T12:00:00Z"));
  EXPECT_EQ(spring.began, at("2026-09-06T01:00:00-03:00"));
  EXPECT_EQ(spring.ends, at("2026-09-07T00:00:00-03:00"));
}

TEST(BudgetWindows, ContainTheTimeThatTheyAreAskedFor) {
  for (const BudgetUnit unit : {BudgetUnit::kHour, BudgetUnit::kDay, BudgetUnit::kWeek,
                                BudgetUnit::kMonth, BudgetUnit::kQuarter, BudgetUnit::kYear}) {
    for (const char* const zone : {"UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu",
                                   "America/Santiago", "Africa/Cairo"}) {
      WallTime now = at("2025-12-30T23:59:59Z");
      WallTime ends = WallTime::min();
      for (int i = 0; i < 9'000; ++i, now += std::chrono::minutes(97)) {
        const WindowTimes window = window_at(rule_of(unit, 1, zone), now);
        ASSERT_TRUE(window.contains(now)) << zone << " " << i;
        ASSERT_TRUE(ends == WallTime::min() || window.began >= ends || window.ends == ends);
        ends = window.ends;
      }
    }
  }
}

// limits.md case 36
TEST(BudgetWindows, ThatRollBeginWithTheFirstRequest) {
  BudgetRule rule = rule_of(BudgetUnit::kDay);
  rule.alignment = BudgetAlignment::kRolling;
  BudgetMeter meter;
  const WallTime first = at("2026-11-18T15:30:00Z");
  EXPECT_EQ(meter.window(rule, first).times().ends, first + hours(24));
  const WallTime later = first + hours(30);
  EXPECT_EQ(meter.window(rule, later).times().began, later);
}

TEST(BudgetWindows, OnlyMoveForward) {
  BudgetMeter meter;
  const BudgetRule rule = rule_of(BudgetUnit::kDay);
  BudgetWindow& today = meter.window(rule, at("2026-11-18T15:30:00Z"));
  EXPECT_EQ(&meter.window(rule, at("2026-11-17T15:30:00Z")), &today);
}

TEST(BudgetWindows, KeepWhatIsReservedInThemAfterTheNextHasBegun) {
  BudgetMeter meter;
  const BudgetRule rule = rule_of(BudgetUnit::kDay);
  BudgetWindow& today = meter.window(rule, at("2026-11-18T23:59:59Z"));
  ASSERT_TRUE(today.reserve(100, 100));
  BudgetWindow& tomorrow = meter.window(rule, at("2026-11-19T00:00:00Z"));
  EXPECT_TRUE(tomorrow.reserve(100, 100));
  today.settle(100, 30);
  EXPECT_EQ(today.used(), 30);
  EXPECT_EQ(tomorrow.used(), 100);
}

// limits.md case 37
TEST(BudgetWindows, GrowUntilTheEndOfATemporaryIncrease) {
  BudgetRule rule = rule_of(BudgetUnit::kDay);
  rule.added = 50;
  rule.added_until = at("2026-11-18T12:00:00Z");
  EXPECT_EQ(most_of(rule, rule.added_until - std::chrono::seconds(1)), 150);
  EXPECT_EQ(most_of(rule, rule.added_until), 100);
}

TEST(BudgetWindows, OpenOnceHoweverManyThreadsAsk) {
  BudgetMeter meter;
  const BudgetRule rule = rule_of(BudgetUnit::kHour);
  const WallTime began = at("2026-11-18T00:00:00Z");
  std::atomic<std::int64_t> reserved{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        if (meter.window(rule, began + hours(i)).reserve(60, 100)) ++reserved;
      }
    });
  }
  threads.clear();
  EXPECT_LE(reserved, 500) << "more than one of each hour's window was reserved";
  EXPECT_GE(reserved, 1);
}

TEST(BudgetWindows, GoOnWhereAStoreSaysThatTheyWere) {
  BudgetMeter meter;
  const BudgetRule rule = rule_of(BudgetUnit::kMonth);
  meter.restore(rule, at("2026-11-01T00:00:00Z"), 70);
  EXPECT_FALSE(meter.window(rule, at("2026-11-18T00:00:00Z")).reserve(31, 100));
  EXPECT_TRUE(meter.window(rule, at("2026-11-18T00:00:00Z")).reserve(30, 100));
  EXPECT_TRUE(meter.window(rule, at("2026-12-01T00:00:00Z")).reserve(100, 100));
}

TEST(BudgetWindows, TellEachThresholdOnce) {
  BudgetMeter meter;
  BudgetWindow& window = meter.window(rule_of(BudgetUnit::kDay), at("2026-11-18T00:00:00Z"));
  EXPECT_TRUE(window.tell_once(0));
  EXPECT_FALSE(window.tell_once(0));
  EXPECT_TRUE(window.tell_once(1));
}

}  // namespace
}  // namespace penstock::limits
