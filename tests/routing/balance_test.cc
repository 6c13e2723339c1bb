#include "routing/balance.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <numeric>
#include <vector>

#include "routing/route_fixture.h"

namespace penstock::routing {
namespace {

using Counts = std::array<int, 8>;
constexpr ModelRoute::Mask kAll = ~ModelRoute::Mask{0};

class BalanceTest : public testing::Test {
 protected:
  void make(const Shapes& shapes, config::Balance balance, std::uint64_t seed = 1) {
    fixture_.emplace(settings_with(shapes), seed);
    fixture_->rules().balance = balance;
    fixture_->rules().breaker.successes = 1;
    positions_ = {};
  }
  std::size_t choose(ModelRoute::Mask candidates = kAll) {
    const std::size_t members = fixture_->route().members().size();
    return Balancer(fixture_->route(), Family::kChat, positions_, random_, fixture_->now())
        .choose(candidates & ((ModelRoute::Mask{1} << members) - 1));
  }
  Counts choose_often(int times, ModelRoute::Mask candidates = kAll) {
    Counts counts{};
    for (int i = 0; i < times; ++i) ++counts.at(choose(candidates));
    return counts;
  }
  // Attempts that stay in flight.
  void occupy(std::size_t member, int attempts) {
    for (int i = 0; i < attempts; ++i) {
      Plan plan = fixture_->plan({.pinned = &fixture_->target(member)});
      leases_.push_back(plan.next(fixture_->now()).lease);
      ASSERT_TRUE(leases_.back());
    }
  }
  void measure(std::size_t member, milliseconds latency) {
    Plan plan = fixture_->plan({.pinned = &fixture_->target(member)});
    Step step = plan.next(fixture_->now());
    plan.succeeded(step.lease, fixture_->now(), latency);
  }

  std::optional<RouteFixture> fixture_;
  SeededRandom random_{2};
  BalancePositions positions_;
  std::vector<Lease> leases_;
};

// 1
TEST_F(BalanceTest, KeepsWeightsExactlyInEachRoundWhereverItBegins) {
  make({{.weight = 3}, {.weight = 1}}, config::Balance::kWeighted);
  std::array<bool, 4> begins{};
  for (int thread = 0; thread < 100; ++thread) {
    positions_ = {};
    Counts counts{};
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t chosen = choose();
      ++counts.at(chosen);
      if (chosen == 1) begins.at(i) = true;
    }
    ASSERT_EQ(counts[0], 3);
    ASSERT_EQ(counts[1], 1);
  }
  // Threads do not begin alike.
  EXPECT_EQ(begins, (std::array<bool, 4>{true, true, true, true}));
}

TEST_F(BalanceTest, StaysWithinOneRequestOfItsWeightsOverAMillionSteps) {
  SeededRandom shapes(7);
  int steps = 0;
  while (steps < 1'000'000) {
    Shapes members(2 + shapes.next() % 7);
    std::size_t sum = 0;
    for (Shape& member : members) sum += member.weight = 1 + shapes.next() % 9;
    make(members, config::Balance::kWeighted);
    std::vector<double> counts(members.size());
    for (int i = 1; i <= 20'000; ++i, ++steps) {
      ++counts.at(choose());
      if (i % 97 != 0) continue;
      for (std::size_t member = 0; member < members.size(); ++member) {
        const double share =
            i * static_cast<double>(members[member].weight) / static_cast<double>(sum);
        // One for the last round, and one for the first, which may begin anywhere.
        ASSERT_LE(std::abs(counts[member] - share), 2) << i;
      }
    }
  }
}

TEST_F(BalanceTest, SharesByWeightAmongThoseThatAreLeft) {
  make({{.weight = 5}, {.weight = 2}, {.weight = 1}}, config::Balance::kWeighted);
  const Counts counts = choose_often(3'000, 0b110);
  EXPECT_EQ(counts[0], 0);
  EXPECT_NEAR(counts[1], 2'000, 2);
}

// 12
TEST_F(BalanceTest, GivesATargetThatHasRecoveredItsShareSlowly) {
  make({{}, {}}, config::Balance::kWeighted);
  for (int i = 0; i < 5; ++i) fixture_->fail(0, FailureClass::kServer);
  fixture_->advance(seconds{10});
  measure(0, milliseconds{1});
  ASSERT_TRUE(fixture_->target(0).breaker(Family::kChat).is_closed());
  const auto share = [&] { return choose_often(1'000)[0] / 500.0; };
  fixture_->advance(seconds{1});
  const double first = share();
  EXPECT_GT(first, 0.15);
  EXPECT_LT(first, 0.35);
  fixture_->advance(seconds{4});
  const double half = share();
  EXPECT_GT(half, 0.6);
  EXPECT_LT(half, 0.8);
  fixture_->advance(seconds{5});
  EXPECT_NEAR(share(), 1, 0.01);
}

TEST_F(BalanceTest, TakesTurns) {
  make({{}, {}, {}}, config::Balance::kRoundRobin);
  const std::size_t first = choose();
  EXPECT_EQ(choose(), (first + 1) % 3);
  EXPECT_EQ(choose(), (first + 2) % 3);
  EXPECT_EQ(choose(), first);
  const Counts counts = choose_often(1'000, 0b101);
  EXPECT_EQ(counts[0], 500);
  EXPECT_EQ(counts[2], 500);
}

TEST_F(BalanceTest, ChoosesAtRandom) {
  make({{}, {}, {}, {}}, config::Balance::kRandom);
  const Counts counts = choose_often(40'000, 0b1011);
  EXPECT_EQ(counts[2], 0);
  for (const std::size_t member : {0, 1, 3}) EXPECT_NEAR(counts.at(member), 13'333, 400);
}

TEST_F(BalanceTest, TakesTheFirstThatIsLeft) {
  make({{}, {}, {}}, config::Balance::kFirst);
  EXPECT_EQ(choose(), 0U);
  EXPECT_EQ(choose(0b110), 1U);
}

TEST_F(BalanceTest, PrefersTheLessBusyOfTwo) {
  make({{}, {}, {}}, config::Balance::kLeastBusy);
  occupy(0, 5);
  occupy(1, 1);
  const Counts counts = choose_often(3'000);
  EXPECT_EQ(counts[0], 0);
  EXPECT_NEAR(counts[1], 1'000, 150);
  EXPECT_NEAR(counts[2], 2'000, 150);
}

TEST_F(BalanceTest, CountsBusyByWeight) {
  make({{.weight = 4}, {.weight = 1}}, config::Balance::kLeastBusy);
  occupy(0, 2);
  EXPECT_EQ(choose_often(100)[0], 100);
  occupy(0, 2);
  EXPECT_EQ(choose_often(100)[1], 100);
}

TEST_F(BalanceTest, LetsLatencyDecideBetweenEquallyBusyOnes) {
  make({{}, {}}, config::Balance::kLeastBusy);
  measure(0, milliseconds{300});
  measure(1, milliseconds{200});
  EXPECT_EQ(choose_often(100)[1], 100);
}

TEST_F(BalanceTest, PrefersTheFasterOfTwoUntilItIsBusy) {
  make({{}, {}}, config::Balance::kLatency);
  measure(0, milliseconds{100});
  measure(1, milliseconds{350});
  EXPECT_EQ(choose_often(100)[0], 100);
  occupy(0, 3);
  EXPECT_EQ(choose_often(100)[1], 100);
}

TEST_F(BalanceTest, TakesATargetWithoutSamplesForAnAverageOne) {
  make({{}, {}, {}}, config::Balance::kLatency);
  measure(0, milliseconds{100});
  measure(1, milliseconds{900});
  // Faster than the slow one, slower than the fast one.
  const Counts counts = choose_often(3'000);
  EXPECT_NEAR(counts[0], 2'000, 150);
  EXPECT_NEAR(counts[2], 1'000, 150);
  EXPECT_EQ(counts[1], 0);
}

}  // namespace
}  // namespace penstock::routing
