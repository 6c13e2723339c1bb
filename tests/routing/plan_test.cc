#include "routing/plan.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "routing/route_fixture.h"

namespace penstock::routing {
namespace {

constexpr std::size_t kA = 0;
constexpr std::size_t kB = 1;
constexpr std::size_t kC = 2;

// Opens the breaker of that target.
void open(RouteFixture& fixture, std::size_t target, Family family = Family::kChat) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(fixture.fail(target, FailureClass::kServer, std::nullopt, family));
  }
  ASSERT_EQ(fixture.target(target).breaker(family).state, BreakerState::kOpen);
}

// 1
TEST(Plan, SharesRequestsExactlyByWeight) {
  RouteFixture fixture(Shapes{{.weight = 3}, {.weight = 1}});
  std::array<int, 2> served{};
  for (int i = 0; i < 4'000; ++i) ++served.at(static_cast<std::size_t>(fixture.served_by()));
  EXPECT_NEAR(served[kA], 3'000, 1);
}

// 2
TEST(Plan, AsksADrainingTargetOnlyForWhatIsPinnedToIt) {
  RouteFixture fixture(Shapes{{.weight = 0}, {.weight = 1}});
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(fixture.served_by(), kB);
  EXPECT_EQ(fixture.served_by({.pinned = &fixture.target(kA)}), kA);
  EXPECT_EQ(fixture.plan().standing(kA, fixture.now()).standing, Standing::kDraining);
}

TEST(Plan, DoesNotBeginWithAnAvoidedTarget) {
  RouteFixture fixture(Shapes{{}, {}});
  for (int i = 0; i < 100; ++i) ASSERT_EQ(fixture.served_by({.avoided = &fixture.target(kA)}), kB);
  fixture.fail(kB, FailureClass::kRateLimited, seconds{2});
  EXPECT_EQ(fixture.plan({.avoided = &fixture.target(kA)}).next(fixture.now()).kind,
            Step::Kind::kNone);
}

// 3, 4
TEST(Plan, UsesAHigherPriorityNumberOnlyWhileNoLowerOneCanBeUsed) {
  RouteFixture fixture(Shapes{{}, {}, {.priority = 1}});
  for (int i = 0; i < 1'000; ++i) ASSERT_NE(fixture.served_by(), kC);
  fixture.fail(kA, FailureClass::kRateLimited, seconds{2});
  for (int i = 0; i < 100; ++i) ASSERT_EQ(fixture.served_by(), kB);
  fixture.fail(kB, FailureClass::kRateLimited, seconds{3});
  fixture.advance(seconds{2} - nanoseconds{1});
  for (int i = 0; i < 100; ++i) ASSERT_EQ(fixture.served_by(), kC);
  fixture.advance(nanoseconds{1});
  EXPECT_EQ(fixture.served_by(), kA);
}

// 8
TEST(Plan, AsksAnotherTargetAfterAFailureAndKeepsTheBreakerClosed) {
  RouteFixture fixture(2);
  Plan plan = fixture.plan();
  Step first = plan.next(fixture.now());
  ASSERT_EQ(first.kind, Step::Kind::kTarget);
  const std::size_t failed = first.lease.position();
  EXPECT_EQ(plan.failed(first.lease, FailureClass::kServer, {}, Repeatable::kYes, fixture.now()),
            Verdict::kNext);
  Step second = plan.next(fixture.now());
  ASSERT_EQ(second.kind, Step::Kind::kTarget);
  EXPECT_NE(second.lease.position(), failed);
  EXPECT_TRUE(fixture.target(failed).breaker(Family::kChat).is_closed());
  EXPECT_EQ(plan.attempts(), 2U);
}

// 9
TEST(Plan, DoesNotAskATargetWhoseBreakerIsOpen) {
  RouteFixture fixture(2);
  open(fixture, kA);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(fixture.served_by(), kB);
  EXPECT_EQ(fixture.plan().standing(kA, fixture.now()).standing, Standing::kOpen);
}

// 10
TEST(Plan, SendsOneProbeAtATimeToATargetThatIsHalfOpen) {
  RouteFixture fixture(2);
  open(fixture, kA);
  fixture.advance(seconds{10});
  std::vector<Lease> leases;
  for (int round = 0; round < 2; ++round) {
    int at_a = 0;
    for (int i = 0; i < 100; ++i) {
      Plan plan = fixture.plan();
      leases.push_back(plan.next(fixture.now()).lease);
      ASSERT_TRUE(leases.back());
      if (leases.back().position() == kA) ++at_a;
    }
    EXPECT_EQ(at_a, 1);
    // A probe that ends without a verdict makes room for another.
    leases.clear();
  }
}

TEST(Plan, PassesCallersMistakesOn) {
  RouteFixture fixture(2);
  Plan plan = fixture.plan();
  Step step = plan.next(fixture.now());
  EXPECT_EQ(plan.failed(step.lease, FailureClass::kCaller, {}, Repeatable::kYes, fixture.now()),
            Verdict::kPass);
}

TEST(Plan, NamesTheKindOfFallbackThatAFailureAsksFor) {
  RouteFixture fixture(2);
  Plan plan = fixture.plan();
  Step step = plan.next(fixture.now());
  EXPECT_EQ(plan.failed(step.lease, FailureClass::kContext, {}, Repeatable::kYes, fixture.now()),
            Verdict::kContextFallback);
}

TEST(Plan, AsksTheSameTargetAgainAfterAWaitIfThereIsNoOther) {
  RouteFixture fixture(1);
  fixture.rules().attempts = 4;
  Plan plan = fixture.plan();
  milliseconds longest{250};
  for (int i = 0; i < 3; ++i) {
    Step step = plan.next(fixture.now());
    ASSERT_EQ(step.kind, Step::Kind::kTarget);
    plan.failed(step.lease, FailureClass::kServer, {}, Repeatable::kYes, fixture.now());
    step = plan.next(fixture.now());
    ASSERT_EQ(step.kind, Step::Kind::kWait);
    EXPECT_EQ(step.wait, Step::For::kBackoff);
    EXPECT_LE(step.until, fixture.now() + longest);
    fixture.advance(step.until - fixture.now());
    longest *= 2;
  }
  EXPECT_EQ(plan.next(fixture.now()).kind, Step::Kind::kTarget);
}

TEST(Plan, DoesNotAskTheSameTargetAgainAfterAFailureThatOnlyAnotherCanMend) {
  RouteFixture fixture(1);
  Plan plan = fixture.plan();
  Step step = plan.next(fixture.now());
  EXPECT_EQ(plan.failed(step.lease, FailureClass::kNotHere, {}, Repeatable::kYes, fixture.now()),
            Verdict::kNext);
  step = plan.next(fixture.now());
  EXPECT_EQ(step.kind, Step::Kind::kNone);
  EXPECT_EQ(step.why, Step::Why::kAllCooling);
}

TEST(Plan, DoesNotAskATargetAgainThatHasForbiddenIt) {
  RouteFixture fixture(2);
  fixture.rules().attempts = 5;
  Plan plan = fixture.plan();
  Step first = plan.next(fixture.now());
  const std::size_t refused = first.lease.position();
  plan.failed(first.lease, FailureClass::kServer, {}, Repeatable::kElsewhere, fixture.now());
  for (int i = 0; i < 3; ++i) {
    Step step = plan.next(fixture.now());
    if (step.kind == Step::Kind::kWait) {
      fixture.advance(step.until - fixture.now());
      step = plan.next(fixture.now());
    }
    ASSERT_EQ(step.kind, Step::Kind::kTarget);
    EXPECT_NE(step.lease.position(), refused);
    plan.failed(step.lease, FailureClass::kServer, {}, Repeatable::kYes, fixture.now());
  }
}

TEST(Plan, GivesUpIfItsOnlyTargetHasForbiddenARepetition) {
  RouteFixture fixture(1);
  Plan plan = fixture.plan();
  Step step = plan.next(fixture.now());
  EXPECT_EQ(
      plan.failed(step.lease, FailureClass::kServer, {}, Repeatable::kElsewhere, fixture.now()),
      Verdict::kNext);
  step = plan.next(fixture.now());
  EXPECT_EQ(step.kind, Step::Kind::kNone);
  EXPECT_EQ(step.why, Step::Why::kAllTried);
}

TEST(Plan, MakesNoMoreAttemptsThanItsRuleSays) {
  RouteFixture fixture(5);
  Plan plan = fixture.plan();
  for (int i = 0; i < 3; ++i) {
    Step step = plan.next(fixture.now());
    ASSERT_EQ(step.kind, Step::Kind::kTarget);
    plan.failed(step.lease, FailureClass::kServer, {}, Repeatable::kYes, fixture.now());
  }
  EXPECT_EQ(plan.next(fixture.now()).why, Step::Why::kAttempts);
}

TEST(Plan, BeginsNoAttemptAtItsDeadline) {
  RouteFixture fixture(2);
  Plan plan = fixture.plan({}, seconds{1});
  Step step = plan.next(fixture.now());
  fixture.advance(seconds{1});
  plan.failed(step.lease, FailureClass::kServer, {}, Repeatable::kYes, fixture.now());
  EXPECT_EQ(plan.next(fixture.now()).why, Step::Why::kDeadline);
}

TEST(Plan, DoesNotWaitForAnAttemptBeyondItsDeadline) {
  RouteFixture fixture(1);
  fixture.rules().retry.backoff = {.initial = seconds{100}, .max = seconds{100}};
  Plan plan = fixture.plan({}, seconds{1});
  Step step = plan.next(fixture.now());
  plan.failed(step.lease, FailureClass::kServer, {}, Repeatable::kYes, fixture.now());
  EXPECT_EQ(plan.next(fixture.now()).why, Step::Why::kDeadline);
}

TEST(Plan, AsksTheTargetWhoseOpeningEndsFirstIfAllAreOpen) {
  RouteFixture fixture(2);
  open(fixture, kB);
  fixture.advance(seconds{2});
  open(fixture, kA);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(fixture.served_by(), kB);
  // What is asked in panic is no probe, and does not close the breaker.
  EXPECT_FALSE(fixture.target(kB).breaker(Family::kChat).is_closed());
}

TEST(Plan, NeverAsksACoolingTargetInPanic) {
  RouteFixture fixture(2);
  open(fixture, kA);
  fixture.fail(kB, FailureClass::kRateLimited, seconds{1});
  for (int i = 0; i < 100; ++i) ASSERT_EQ(fixture.served_by(), kA);
}

TEST(Plan, PrefersASecondRoundToATargetThatIsOpen) {
  RouteFixture fixture(2);
  open(fixture, kB);
  Plan plan = fixture.plan();
  Step step = plan.next(fixture.now());
  plan.failed(step.lease, FailureClass::kServer, {}, Repeatable::kYes, fixture.now());
  step = plan.next(fixture.now());
  ASSERT_EQ(step.kind, Step::Kind::kWait);
  EXPECT_EQ(step.wait, Step::For::kBackoff);
  step = plan.next(step.until);
  ASSERT_EQ(step.kind, Step::Kind::kTarget);
  EXPECT_EQ(step.lease.position(), kA);
}

TEST(Plan, AsksAnOpenTargetAtOnceBeforeItWaitsForOneThatIsOpenToo) {
  RouteFixture fixture(2);
  open(fixture, kB);
  for (int i = 0; i < 4; ++i) fixture.fail(kA, FailureClass::kServer);
  Plan plan = fixture.plan();
  Step step = plan.next(fixture.now());
  ASSERT_EQ(step.lease.position(), kA);
  plan.failed(step.lease, FailureClass::kServer, {}, Repeatable::kYes, fixture.now());
  step = plan.next(fixture.now());
  ASSERT_EQ(step.kind, Step::Kind::kTarget);
  EXPECT_EQ(step.lease.position(), kB);
  plan.failed(step.lease, FailureClass::kServer, {}, Repeatable::kYes, fixture.now());
  EXPECT_EQ(plan.next(fixture.now()).kind, Step::Kind::kWait);
}

TEST(Plan, EjectsNoMoreTargetsThanItsRuleSays) {
  RouteFixture fixture(4);
  fixture.rules().breaker.max_ejected_percent = 50;
  for (const std::size_t target : {kA, kB, kC}) {
    open(fixture, target);
    fixture.advance(seconds{1});
  }
  std::array<int, 4> served{};
  for (int i = 0; i < 100; ++i) ++served.at(static_cast<std::size_t>(fixture.served_by()));
  // The one whose opening ends first takes part.
  EXPECT_NEAR(served[kA], 50, 2);
  EXPECT_EQ(served[kB] + served[kC], 0);
}

// 57
TEST(Plan, KeepsFamiliesApart) {
  RouteFixture fixture(2);
  open(fixture, kA, Family::kEmbeddings);
  bool a_has_served = false;
  for (int i = 0; i < 10; ++i) {
    a_has_served = a_has_served || fixture.served_by() == kA;
    ASSERT_EQ(fixture.served_by({.family = Family::kEmbeddings}), kB);
  }
  EXPECT_TRUE(a_has_served);
}

TEST(Plan, NeverExceedsTheConcurrencyOfATarget) {
  RouteFixture fixture(Shapes{{.max_concurrency = 3}, {.priority = 1, .max_concurrency = 2}});
  std::vector<Lease> leases;
  for (int i = 0; i < 5; ++i) {
    Plan plan = fixture.plan();
    leases.push_back(plan.next(fixture.now()).lease);
    ASSERT_TRUE(leases.back());
  }
  EXPECT_EQ(fixture.target(kA).in_flight(), 3U);
  EXPECT_EQ(fixture.target(kB).in_flight(), 2U);
  Plan plan = fixture.plan();
  EXPECT_EQ(plan.next(fixture.now()).why, Step::Why::kAllFull);
  EXPECT_EQ(plan.usable_at(fixture.now()), std::nullopt);
}

TEST(Plan, GoesOnlyToTheProviderThatARequestNames) {
  RouteFixture fixture(3);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(fixture.served_by({.only_provider = kB}), kB);
  fixture.fail(kB, FailureClass::kRateLimited, seconds{1});
  EXPECT_EQ(fixture.served_by({.only_provider = kB}), -1);
  EXPECT_EQ(fixture.plan({.only_provider = 7}).next(fixture.now()).why, Step::Why::kNoCandidate);
}

TEST(Plan, KnowsWhetherAnotherAttemptIsLeft) {
  RouteFixture fixture(2);
  fixture.rules().attempts = 2;
  Plan plan = fixture.plan();
  Step step = plan.next(fixture.now());
  EXPECT_TRUE(plan.another_is_left(fixture.now()));
  plan.failed(step.lease, FailureClass::kServer, {}, Repeatable::kYes, fixture.now());
  step = plan.next(fixture.now());
  EXPECT_FALSE(plan.another_is_left(fixture.now()));
}

TEST(Plan, RepeatsWhatWasNotSentWithoutTheBudget) {
  RouteFixture fixture(2);
  fixture.rules().retry.budget = {.percent = 0, .min_per_second = 0};
  for (const FailureClass failure : {FailureClass::kUnsent, FailureClass::kServer}) {
    Plan plan = fixture.plan();
    Step step = plan.next(fixture.now());
    plan.failed(step.lease, failure, {}, Repeatable::kYes, fixture.now());
    step = plan.next(fixture.now());
    const bool is_free = failure == FailureClass::kUnsent;
    EXPECT_EQ(step.kind, is_free ? Step::Kind::kTarget : Step::Kind::kNone);
    if (!is_free) {
      EXPECT_EQ(step.why, Step::Why::kBudget);
    }
  }
}

TEST(Plan, RepeatsOneLossWithoutTheBudget) {
  RouteFixture fixture(3);
  fixture.rules().retry.budget = {.percent = 0, .min_per_second = 0};
  Plan plan = fixture.plan();
  Step step = plan.next(fixture.now());
  plan.failed(step.lease, FailureClass::kLost, {}, Repeatable::kYes, fixture.now());
  step = plan.next(fixture.now());
  ASSERT_EQ(step.kind, Step::Kind::kTarget);
  plan.failed(step.lease, FailureClass::kLost, {}, Repeatable::kYes, fixture.now());
  step = plan.next(fixture.now());
  EXPECT_EQ(step.kind, Step::Kind::kNone);
  EXPECT_EQ(step.why, Step::Why::kBudget);
}

TEST(Plan, ReturnsItsPartOfTheBudgetWhenItsRequestEnds) {
  RouteFixture fixture(2);
  fixture.rules().retry.budget = {.percent = 100, .min_per_second = 0};
  for (int i = 0; i < 4; ++i) {
    Plan plan = fixture.plan();
    Step step = plan.next(fixture.now());
    plan.failed(step.lease, FailureClass::kConflict, {}, Repeatable::kYes, fixture.now());
    EXPECT_EQ(plan.next(fixture.now()).kind, Step::Kind::kTarget);
  }
}

TEST(Plan, RepeatsWhatWasLostOnlyIfItsRuleAllowsThat) {
  for (const bool lost : {true, false}) {
    RouteFixture fixture(2);
    fixture.rules().retry.lost = lost;
    Plan plan = fixture.plan();
    Step step = plan.next(fixture.now());
    EXPECT_EQ(plan.failed(step.lease, FailureClass::kLost, {}, Repeatable::kYes, fixture.now()),
              lost ? Verdict::kNext : Verdict::kPass);
  }
}

TEST(Plan, SaysWhyEachTargetIsNotAsked) {
  RouteFixture fixture(Shapes{{}, {.priority = 1}, {.weight = 0}, {}, {}, {.max_concurrency = 1}});
  fixture.fail(3, FailureClass::kRateLimited, seconds{1});
  open(fixture, 4);
  Plan other = fixture.plan({.pinned = &fixture.target(5)});
  const Step full = other.next(fixture.now());
  Plan plan = fixture.plan();
  const Step step = plan.next(fixture.now());
  ASSERT_EQ(step.lease.position(), kA);
  std::vector<Standing> standings;
  for (std::size_t i = 0; i < 6; ++i) {
    standings.push_back(plan.standing(i, fixture.now()).standing);
  }
  EXPECT_EQ(standings, (std::vector{Standing::kTried, Standing::kUsable, Standing::kDraining,
                                    Standing::kCooling, Standing::kOpen, Standing::kFull}));
  EXPECT_EQ(fixture.plan().standing(kB, fixture.now()).standing, Standing::kOtherPriority);
}

// 48, 49
TEST(Plan, HedgesAtAnotherTargetWithinTheBudget) {
  RouteFixture fixture(2);
  fixture.rules().hedge = {.delay = milliseconds{100}, .is_on = true, .max_percent = 5};
  int hedges = 0;
  for (int i = 0; i < 1'000; ++i) {
    Plan plan = fixture.plan();
    ASSERT_EQ(plan.hedge_delay(), milliseconds{100});
    const Step step = plan.next(fixture.now());
    const Lease second = plan.hedge(fixture.now());
    if (!second) continue;
    ++hedges;
    EXPECT_NE(second.position(), step.lease.position());
    EXPECT_EQ(plan.attempts(), 2U);
  }
  EXPECT_EQ(hedges, 50);
}

TEST(Plan, HedgesNeitherAtABusyTargetNorByAProbe) {
  RouteFixture fixture(Shapes{{}, {.priority = 1, .max_concurrency = 10}, {.priority = 2}});
  fixture.rules().hedge = {.delay = milliseconds{100}, .is_on = true, .max_percent = 100};
  open(fixture, kC);
  fixture.advance(seconds{10});
  std::vector<Lease> at_b;
  for (int i = 0; i < 7; ++i) {
    Plan plan = fixture.plan({.pinned = &fixture.target(kB)});
    at_b.push_back(plan.next(fixture.now()).lease);
    EXPECT_EQ(plan.hedge_delay(), std::nullopt);
  }
  Plan plan = fixture.plan();
  const Step step = plan.next(fixture.now());
  ASSERT_EQ(step.lease.position(), kA);
  EXPECT_FALSE(plan.hedge(fixture.now()));
  at_b.pop_back();
  const Lease second = plan.hedge(fixture.now());
  ASSERT_TRUE(second);
  EXPECT_EQ(second.position(), kB);
}

}  // namespace
}  // namespace penstock::routing
