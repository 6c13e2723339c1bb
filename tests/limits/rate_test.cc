// Rates without windows.

#include "limits/rate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <thread>
#include <vector>

namespace penstock::limits {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

Rate per_minute(std::int64_t amount) {
  return {amount, minutes(1), amount};
}

class Rates : public ::testing::Test {
 protected:
  bool takes(const Rate& rate, std::int64_t units = 1) {
    return static_cast<bool>(meter.take(rate, units, clock.steady()));
  }
  int take_all(const Rate& rate) {
    int taken = 0;
    while (takes(rate)) ++taken;
    return taken;
  }

  FakeClock clock;
  RateMeter meter;
};

TEST_F(Rates, LetTheWholeBurstPassAtOnceAndNoMore) {
  for (const std::int64_t amount : {1, 3, 7, 10, 60, 97, 1000, 99'991}) {
    RateMeter fresh;
    int taken = 0;
    while (fresh.take(per_minute(amount), 1, clock.steady())) ++taken;
    EXPECT_EQ(taken, amount);
  }
}

// limits.md case 2
TEST_F(Rates, GiveOneUnitMoreWhenItsTimeHasPassed) {
  const Rate rate = per_minute(10);
  EXPECT_EQ(take_all(rate), 10);
  EXPECT_EQ(meter.take(rate, 1, clock.steady()).wait, seconds(6));
  clock.advance(milliseconds(5'999));
  EXPECT_FALSE(takes(rate));
  clock.advance(milliseconds(1));
  EXPECT_TRUE(takes(rate));
  EXPECT_FALSE(takes(rate));
}

// limits.md case 3
TEST_F(Rates, LetNoMoreThanAmountAndBurstPassInAnyPeriod) {
  const Rate rate{.amount = 100, .period = minutes(1), .burst = 20};
  SeededRandom random(7);
  std::deque<SteadyTime> taken;
  for (int i = 0; i < 20'000; ++i) {
    clock.advance(milliseconds(random.next() % 200));
    if (random.next() % 4 == 0) clock.advance(seconds(random.next() % 30));
    for (std::uint64_t wanted = random.next() % 8; wanted > 0; --wanted) {
      if (takes(rate)) taken.push_back(clock.steady());
    }
    while (!taken.empty() && taken.front() < clock.steady() - rate.period) taken.pop_front();
    ASSERT_LE(taken.size(), 120u);
  }
}

// limits.md case 4
TEST_F(Rates, WithABurstOfOneAreEvenlySpaced) {
  const Rate rate{.amount = 60, .period = minutes(1), .burst = 1};
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(takes(rate));
    EXPECT_FALSE(takes(rate));
    clock.advance(seconds(1));
  }
}

TEST_F(Rates, NeverHaveMoreAtOnceThanTheBurst) {
  EXPECT_EQ(meter.take(per_minute(10), 11, clock.steady()).wait, RateMeter::kNever);
  clock.advance(std::chrono::hours(24));
  EXPECT_EQ(take_all(per_minute(10)), 10);
}

// limits.md case 13
TEST_F(Rates, TakeBackWhatWasNotUsed) {
  const Rate rate = per_minute(1'000);
  const RateMeter::Taken first = meter.take(rate, 800, clock.steady());
  EXPECT_TRUE(first);
  EXPECT_FALSE(takes(rate, 800));
  meter.give_back(rate, 700, first, clock.steady());
  const RateMeter::Taken second = meter.take(rate, 800, clock.steady());
  EXPECT_TRUE(second);
  meter.give_back(rate, 800, second, clock.steady());
  EXPECT_EQ(meter.view(rate, clock.steady()).remaining, 900);
}

TEST_F(Rates, TakeBackNothingThatHasComeBackByItself) {
  const Rate rate = per_minute(1'000);
  const RateMeter::Taken taken = meter.take(rate, 800, clock.steady());
  clock.advance(minutes(1));
  EXPECT_TRUE(takes(rate, 1'000));
  meter.give_back(rate, 800, taken, clock.steady());
  EXPECT_EQ(meter.view(rate, clock.steady()).remaining, 0);
}

TEST_F(Rates, ShowWhatRemainsAndWhenAllIsBack) {
  const Rate rate = per_minute(7);
  for (int left = 6; left >= 0; --left) {
    EXPECT_TRUE(takes(rate));
    EXPECT_EQ(meter.view(rate, clock.steady()).remaining, left);
  }
  const nanoseconds until_full = meter.view(rate, clock.steady()).until_full;
  EXPECT_NEAR(static_cast<double>(until_full.count()), 60e9, 10);
}

TEST_F(Rates, HoldForHugeAndTinyNumbers) {
  const Rate tokens{.amount = 1'000'000'000'000, .period = seconds(1), .burst = 1'000'000'000'000};
  EXPECT_TRUE(takes(tokens, 999'999'999'999));
  EXPECT_FALSE(takes(tokens, 2'000'000));
  RateMeter other;
  const Rate daily{.amount = 1, .period = std::chrono::hours(24), .burst = 1'000'000'000};
  EXPECT_TRUE(other.take(daily, 1'000'000'000, clock.steady()));
}

// limits.md case 1
TEST_F(Rates, LetExactlyTheBurstPassWhenManyThreadsTakeAtOnce) {
  const Rate rate = per_minute(100);
  std::atomic<int> taken{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 125; ++j) {
        if (takes(rate)) ++taken;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(taken, 100);
}

}  // namespace
}  // namespace penstock::limits
