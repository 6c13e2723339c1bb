#include "routing/plan.h"

#include <gtest/gtest.h>

#include "routing/route_fixture.h"

namespace penstock::routing {
namespace {

constexpr std::size_t kFirst = 0;
constexpr std::size_t kSecond = 1;

// 13, 14
TEST(Plan, NeverAsksATargetWhileItCools) {
  RouteFixture fixture(2);
  fixture.fail(kFirst, FailureClass::kRateLimited, milliseconds{500});
  fixture.fail(kSecond, FailureClass::kRateLimited, seconds{2});
  fixture.advance(milliseconds{500} - nanoseconds{1});
  Plan plan = fixture.plan();
  const Step step = plan.next(fixture.now());
  EXPECT_EQ(step.kind, Step::Kind::kNone);
  EXPECT_EQ(step.why, Step::Why::kAllCooling);
  EXPECT_EQ(plan.usable_at(fixture.now()), fixture.now() + nanoseconds{1});
  fixture.advance(nanoseconds{1});
  for (int i = 0; i < 100; ++i) ASSERT_EQ(fixture.served_by(), kFirst);
}

// 25
TEST(Plan, WaitsForATargetThatCoolsNotLongerThanTheQueueAllows) {
  RouteFixture fixture(1);
  fixture.rules().queue.wait = seconds{2};
  fixture.fail(kFirst, FailureClass::kRateLimited, seconds{1});
  {
    Plan plan = fixture.plan();
    Step step = plan.next(fixture.now());
    ASSERT_EQ(step.kind, Step::Kind::kWait);
    EXPECT_EQ(step.wait, Step::For::kPlace);
    EXPECT_EQ(step.until, fixture.now() + seconds{1});
    EXPECT_EQ(fixture.route().state().queued.load(), 1U);
    fixture.advance(seconds{1});
    step = plan.next(fixture.now());
    ASSERT_EQ(step.kind, Step::Kind::kTarget);
    EXPECT_EQ(fixture.route().state().queued.load(), 0U);
    // Also one that has just failed there.
    plan.failed(step.lease, FailureClass::kRateLimited, milliseconds{500}, Repeatable::kYes,
                fixture.now());
    step = plan.next(fixture.now());
    ASSERT_EQ(step.kind, Step::Kind::kWait);
    fixture.advance(milliseconds{500});
    step = plan.next(fixture.now());
    ASSERT_EQ(step.kind, Step::Kind::kTarget);
    plan.failed(step.lease, FailureClass::kRateLimited, seconds{3}, Repeatable::kYes,
                fixture.now());
  }
  Plan plan = fixture.plan();
  EXPECT_EQ(plan.next(fixture.now()).why, Step::Why::kAllCooling);
}

TEST(Plan, LetsNoMoreRequestsWaitThanTheQueueHolds) {
  RouteFixture fixture(Shapes{{.max_concurrency = 1}});
  fixture.rules().queue = {.size = 1, .wait = seconds{1}};
  Plan running = fixture.plan();
  const Step step = running.next(fixture.now());
  ASSERT_EQ(step.kind, Step::Kind::kTarget);
  {
    Plan waiting = fixture.plan();
    EXPECT_EQ(waiting.next(fixture.now()).kind, Step::Kind::kWait);
    Plan refused = fixture.plan();
    EXPECT_EQ(refused.next(fixture.now()).why, Step::Why::kQueueFull);
  }
  Plan next = fixture.plan();
  EXPECT_EQ(next.next(fixture.now()).kind, Step::Kind::kWait);
  fixture.advance(seconds{1});
  EXPECT_EQ(next.next(fixture.now()).why, Step::Why::kAllFull);
}

// One request has the only place, and another one waits for it.
class PlanForAPlace : public testing::Test {
 protected:
  PlanForAPlace() : fixture(Shapes{{.max_concurrency = 1}}) {
    fixture.rules().queue.wait = seconds{1};
    step = running.next(fixture.now());
    EXPECT_EQ(waiting.next(fixture.now()).kind, Step::Kind::kWait);
    waiting.wait_for_place(waiter, fixture.now());
  }

  RouteFixture fixture;
  Plan running = fixture.plan();
  Plan waiting = fixture.plan();
  Step step;
  int calls = 0;
  PlaceWaiter waiter{[this] { ++calls; }};
};

TEST_F(PlanForAPlace, UsesThePlaceThatAWaiterWasGiven) {
  EXPECT_EQ(calls, 0);
  step.lease.end();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(fixture.served_by(), -1);
  const Step taken = waiting.next(fixture.now(), &waiter);
  ASSERT_EQ(taken.kind, Step::Kind::kTarget);
  EXPECT_EQ(fixture.target(kFirst).in_flight(), 1U);
}

TEST_F(PlanForAPlace, GivesAPlaceBackWhoseTargetCoolsMeanwhile) {
  running.failed(step.lease, FailureClass::kRateLimited, seconds{10}, Repeatable::kNo,
                 fixture.now());
  EXPECT_EQ(waiting.next(fixture.now(), &waiter).why, Step::Why::kAllCooling);
  EXPECT_EQ(fixture.target(kFirst).in_flight(), 0U);
}

}  // namespace
}  // namespace penstock::routing
