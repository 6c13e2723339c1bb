#include "routing/hedge_budget.h"

#include <gtest/gtest.h>

#include <deque>

namespace penstock::routing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// 49
TEST(HedgeBudget, GrantsAPartOfTheRequestsOfTheLastMinute) {
  HedgeBudget budget;
  FakeClock clock;
  SeededRandom random(4);
  std::deque<std::int64_t> requests;
  std::deque<std::int64_t> hedges;
  int granted = 0;
  for (int step = 0; step < 100'000; ++step) {
    clock.advance(milliseconds{random.next() % 500});
    const auto second =
        std::chrono::duration_cast<seconds>(clock.steady().time_since_epoch()).count();
    budget.request_began(clock.steady());
    requests.push_back(second);
    while (second - requests.front() >= 60) requests.pop_front();
    while (!hedges.empty() && second - hedges.front() >= 60) hedges.pop_front();
    const bool expected =
        static_cast<double>(hedges.size() + 1) * 100 <= 5 * static_cast<double>(requests.size());
    ASSERT_EQ(budget.take(clock.steady(), 5), expected) << step;
    if (!expected) continue;
    hedges.push_back(second);
    ++granted;
  }
  EXPECT_GT(granted, 4'000);
  EXPECT_LE(granted, 5'000);
}

TEST(HedgeBudget, KnowsThePercentileFromTheHundredthSampleOn) {
  HedgeBudget budget;
  for (int i = 1; i <= 99; ++i) budget.add_sample(milliseconds{i * 10});
  EXPECT_EQ(budget.p95(), std::nullopt);
  budget.add_sample(milliseconds{1'000});
  EXPECT_EQ(budget.p95(), milliseconds{950});
}

TEST(HedgeBudget, FollowsTheLastSamples) {
  HedgeBudget budget;
  for (int i = 0; i < 1'000; ++i) budget.add_sample(seconds{1});
  for (int i = 0; i < 512; ++i) budget.add_sample(seconds{3});
  EXPECT_EQ(budget.p95(), seconds{3});
}

TEST(HedgeBudget, WaitsAtLeastAFifthOfASecond) {
  HedgeBudget budget;
  for (int i = 0; i < 100; ++i) budget.add_sample(milliseconds{1});
  EXPECT_EQ(budget.p95(), HedgeBudget::kDelayMin);
}

}  // namespace
}  // namespace penstock::routing
