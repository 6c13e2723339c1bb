#include "routing/latency.h"

#include <gtest/gtest.h>

#include <cmath>

namespace penstock::routing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Latency, HasNoValueWithoutASample) {
  const Latency latency;
  EXPECT_EQ(latency.seconds(FakeClock().steady()), std::nullopt);
}

TEST(Latency, FollowsAPeakAtOnceAndForgetsItSlowly) {
  Latency latency;
  FakeClock clock;
  latency.add(milliseconds{100}, clock.steady());
  latency.add(seconds{2}, clock.steady());
  EXPECT_NEAR(*latency.seconds(clock.steady()), 2, 1e-6);
  latency.add(milliseconds{100}, clock.steady());
  EXPECT_NEAR(*latency.seconds(clock.steady()), 2, 1e-6);
  clock.advance(seconds{10});
  latency.add(milliseconds{100}, clock.steady());
  EXPECT_NEAR(*latency.seconds(clock.steady()), 0.1 + 1.9 * std::exp(-1), 1e-3);
}

TEST(Latency, ForgetsWithoutSamplesToo) {
  Latency latency;
  FakeClock clock;
  latency.add(seconds{2}, clock.steady());
  clock.advance(seconds{10});
  EXPECT_NEAR(*latency.seconds(clock.steady()), 2 * std::exp(-1), 1e-3);
  clock.advance(seconds{600});
  EXPECT_LT(*latency.seconds(clock.steady()), 1e-6);
}

TEST(Latency, BearsThatAnotherThreadsTimeIsALittleLater) {
  Latency latency;
  FakeClock clock;
  const SteadyTime before = clock.steady();
  clock.advance(seconds{1});
  latency.add(seconds{2}, clock.steady());
  EXPECT_NEAR(*latency.seconds(before), 2, 1e-6);
}

}  // namespace
}  // namespace penstock::routing
