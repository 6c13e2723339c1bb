#include "routing/retry_budget.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "core/clock.h"

namespace penstock::routing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Grant = RetryBudget::Grant;

TEST(RetryBudget, GrantsAPartOfTheRequestsInFlight) {
  RetryBudget budget;
  const config::RetryRules::Budget rules{.percent = 20, .min_per_second = 0};
  FakeClock clock;
  for (int i = 0; i < 4; ++i) budget.request_began();
  EXPECT_EQ(budget.take(clock.steady(), rules), Grant::kNone);
  budget.request_began();
  EXPECT_EQ(budget.take(clock.steady(), rules), Grant::kShare);
  EXPECT_EQ(budget.take(clock.steady(), rules), Grant::kNone);
  // Its request has ended.
  budget.request_ended(1);
  budget.request_began();
  EXPECT_EQ(budget.take(clock.steady(), rules), Grant::kShare);
}

// Those of ten seconds at once.
TEST(RetryBudget, GrantsAFewASecondBeside) {
  RetryBudget budget;
  const config::RetryRules::Budget rules{.percent = 20, .min_per_second = 3};
  FakeClock clock;
  for (int i = 0; i < 30; ++i) EXPECT_EQ(budget.take(clock.steady(), rules), Grant::kPerSecond);
  EXPECT_EQ(budget.take(clock.steady(), rules), Grant::kNone);
  clock.advance(milliseconds{334});
  EXPECT_EQ(budget.take(clock.steady(), rules), Grant::kPerSecond);
  EXPECT_EQ(budget.take(clock.steady(), rules), Grant::kNone);
}

TEST(RetryBudget, GrantsLessThanOneASecondToo) {
  RetryBudget budget;
  const config::RetryRules::Budget rules{.percent = 0, .min_per_second = 0.5};
  FakeClock clock;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(budget.take(clock.steady(), rules), Grant::kPerSecond);
  clock.advance(seconds{1});
  EXPECT_EQ(budget.take(clock.steady(), rules), Grant::kNone);
  clock.advance(seconds{1});
  EXPECT_EQ(budget.take(clock.steady(), rules), Grant::kPerSecond);
}

// 51: all fail at once, whatever the number of requests at a time.
TEST(RetryBudget, KeepsAttemptsWithinAFifthMoreThanRequestsAndAFewASecond) {
  for (const std::size_t at_a_time : {1U, 7U, 100U, 1'000U}) {
    RetryBudget budget;
    const config::RetryRules::Budget rules{};
    FakeClock clock;
    std::deque<std::uint32_t> running;  // the retries of each
    int attempts = 0;
    for (int request = 0; request < 1'000; ++request) {
      if (running.size() == at_a_time) {
        budget.request_ended(running.front());
        running.pop_front();
      }
      budget.request_began();
      running.push_back(0);
      ++attempts;
      for (int retry = 0; retry < 2; ++retry) {
        const Grant grant = budget.take(clock.steady(), rules);
        if (grant == Grant::kNone) break;
        if (grant == Grant::kShare) ++running.back();
        ++attempts;
      }
      clock.advance(milliseconds{1});
    }
    EXPECT_LE(attempts, 1'200 + 3 + 30) << at_a_time;
  }
}

TEST(RetryBudget, BehavesLikeItsPlainModelOverAMillionSteps) {
  RetryBudget budget;
  const config::RetryRules::Budget rules{.percent = 20, .min_per_second = 4};
  FakeClock clock;
  SeededRandom random(5);
  std::vector<std::uint32_t> requests;
  std::uint32_t shared = 0;
  double tokens = 40;
  SteadyTime filled = clock.steady();
  for (int step = 0; step < 1'000'000; ++step) {
    switch (random.next() % 4) {
      case 0:
        if (requests.size() > 40) break;
        budget.request_began();
        requests.push_back(0);
        break;
      case 1: {
        if (requests.empty()) break;
        const std::size_t index = random.next() % requests.size();
        budget.request_ended(requests[index]);
        shared -= requests[index];
        requests[index] = requests.back();
        requests.pop_back();
        break;
      }
      case 2:
        // In quarters, so that the model's tokens are whole numbers.
        if (random.next() % 8 == 0) clock.advance(milliseconds{250});
        break;
      default: {
        if (requests.empty()) break;
        const std::chrono::duration<double> passed = clock.steady() - filled;
        tokens = std::min(40.0, tokens + passed.count() * 4);
        filled = clock.steady();
        Grant expected = Grant::kNone;
        if (shared + 1 <= 0.2 * static_cast<double>(requests.size())) {
          expected = Grant::kShare;
        } else if (tokens >= 1) {
          expected = Grant::kPerSecond;
        }
        const Grant grant = budget.take(clock.steady(), rules);
        ASSERT_EQ(grant, expected) << step;
        if (grant == Grant::kShare) {
          ++shared;
          ++requests[random.next() % requests.size()];
        } else if (grant == Grant::kPerSecond) {
          tokens -= 1;
        }
      }
    }
    ASSERT_EQ(budget.requests(), requests.size());
  }
}

}  // namespace
}  // namespace penstock::routing
