#include "routing/target.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <vector>

#include "routing/route_fixture.h"

namespace penstock::routing {
namespace {

// 55
TEST(Target, HasNothingInFlightAfterAMillionLeasesOfSixteenThreads) {
  constexpr int kThreads = 16;
  constexpr int kRequests = 62'500;
  constexpr std::uint32_t kLimit = 5;
  auto settings = settings_with({{.max_concurrency = kLimit}, {}, {}});
  settings->routing.routes.front().rules.retry.budget = {.percent = 20, .min_per_second = 1e6};
  const auto router = std::make_shared<const Router>(settings);
  const ModelRoute& route = *router->routes().front();
  std::atomic<std::uint32_t> most{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      SeededRandom random(static_cast<std::uint64_t>(thread));
      Chooser chooser(router, random);
      FakeClock clock;
      for (int i = 0; i < kRequests; ++i) {
        clock.advance(milliseconds{1});
        Plan plan(chooser, route, {}, clock.steady(), clock.steady() + seconds{1});
        Step step = plan.next(clock.steady());
        if (step.kind != Step::Kind::kTarget) continue;
        const std::uint32_t in_flight = route.members()[0].target->in_flight();
        if (in_flight > most.load(std::memory_order_relaxed)) most = in_flight;
        switch (random.next() % 8) {
          case 0:
            plan.failed(step.lease, FailureClass::kServer, {}, Repeatable::kYes, clock.steady());
            step = plan.next(clock.steady());
            break;
          case 1:
            break;  // the client has gone
          default:
            plan.succeeded(step.lease, clock.steady(), milliseconds{10});
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const ModelRoute::Member& member : route.members()) {
    EXPECT_EQ(member.target->in_flight(), 0U);
  }
  EXPECT_EQ(route.state().retries.requests(), 0U);
  EXPECT_LE(most.load(), kLimit);
}

// 10, over threads
TEST(Target, LetsOneOfManyThreadsProbe) {
  for (int round = 0; round < 50; ++round) {
    RouteFixture fixture(2);
    fixture.router();
    for (int i = 0; i < 5; ++i) fixture.fail(0, FailureClass::kServer);
    fixture.advance(seconds{10});
    std::atomic<int> probes{0};
    std::array<std::vector<Lease>, 8> leases;
    std::vector<std::thread> threads;
    for (std::vector<Lease>& own : leases) {
      threads.emplace_back([&] {
        SeededRandom random(3);
        Chooser chooser(fixture.router(), random);
        for (int i = 0; i < 4; ++i) {
          Plan plan(chooser, fixture.route(), {}, fixture.now(), SteadyTime::max());
          own.push_back(plan.next(fixture.now()).lease);
          if (own.back().is_probe()) ++probes;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(probes.load(), 1);
  }
}

// 13: the next request of every thread.
TEST(Target, ShowsACooldownToAllThreadsAtOnce) {
  RouteFixture fixture(2);
  SeededRandom random(3);
  Chooser other(fixture.router(), random);
  fixture.fail(0, FailureClass::kRateLimited, seconds{2});
  for (int i = 0; i < 10; ++i) {
    Plan plan(other, fixture.route(), {}, fixture.now(), SteadyTime::max());
    ASSERT_EQ(plan.next(fixture.now()).lease.position(), 1U);
  }
}

TEST(Target, CoolsWithAllOfItsProviderIfTheCredentialIsTheScope) {
  auto settings = settings_with({{}, {}});
  std::vector<config::RouteTarget>& targets = settings->routing.routes.front().targets;
  targets[1].provider = 0;
  targets[1].model = "other";
  settings->routing.routes.front().rules.cooldown.scope = config::CooldownRules::Scope::kCredential;
  RouteFixture fixture(settings);
  fixture.fail(0, FailureClass::kNotHere);
  EXPECT_FALSE(fixture.target(1).is_cooling(fixture.now()));
  fixture.fail(1, FailureClass::kRateLimited, seconds{2});
  EXPECT_EQ(fixture.target(1).cooling_until(), fixture.now() + seconds{2});
  fixture.advance(seconds{59});
  fixture.fail(1, FailureClass::kRateLimited, seconds{5});
  EXPECT_EQ(fixture.target(0).cooling_until(), fixture.now() + seconds{5});
}

TEST(Target, DoesNotCoolForOneUnknownNameIfItTakesAnyName) {
  auto settings = settings_with({{}});
  settings->routing.routes.front().model = "gpt-*";
  settings->routing.routes.front().targets.front().model.clear();
  RouteFixture fixture(settings);
  fixture.fail(0, FailureClass::kNotHere);
  EXPECT_FALSE(fixture.target(0).is_cooling(fixture.now()));
}

TEST(Target, SaysNothingAboutItselfWhenTheClientHasGone) {
  RouteFixture fixture(1);
  for (int i = 0; i < 10; ++i) fixture.fail(0, FailureClass::kGone);
  EXPECT_TRUE(fixture.target(0).breaker(Family::kChat).is_closed());
  EXPECT_FALSE(fixture.target(0).last_failure());
}

TEST(Target, RemembersItsLastFailure) {
  RouteFixture fixture(1);
  fixture.fail(0, FailureClass::kQuota);
  ASSERT_TRUE(fixture.target(0).last_failure());
  EXPECT_EQ(fixture.target(0).last_failure()->failure, FailureClass::kQuota);
  EXPECT_EQ(fixture.target(0).last_failure()->at, fixture.now());
}

TEST(Target, OpensAfterAFailedCheckAndIsProbedAfterTwoGoodOnesInARow) {
  RouteFixture fixture(2);
  fixture.target(0).check_failed(fixture.now(), fixture.rules().breaker, 0);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(fixture.served_by(), 1);
  fixture.target(0).check_succeeded(fixture.now());
  fixture.target(0).check_failed(fixture.now(), fixture.rules().breaker, 0);
  fixture.target(0).check_succeeded(fixture.now());
  ASSERT_EQ(fixture.target(0).breaker(Family::kChat).state, BreakerState::kOpen);
  fixture.target(0).check_succeeded(fixture.now());
  EXPECT_EQ(fixture.target(0).breaker(Family::kChat).state, BreakerState::kHalfOpen);
}

// A stream that breaks off after its first content.
TEST(Target, CountsAStreamThatBrokeOffAsAFailureToo) {
  RouteFixture fixture(1);
  for (int i = 0; i < 10; ++i) {
    Plan plan = fixture.plan();
    Step step = plan.next(fixture.now());
    plan.succeeded(step.lease, fixture.now(), milliseconds{10});
    EXPECT_EQ(fixture.target(0).in_flight(), 1U);
    EXPECT_EQ(
        plan.failed(step.lease, FailureClass::kBrokenStream, {}, Repeatable::kNo, fixture.now()),
        Verdict::kPass);
    EXPECT_EQ(fixture.target(0).in_flight(), 0U);
  }
  EXPECT_EQ(fixture.target(0).breaker(Family::kChat).state, BreakerState::kOpen);
}

}  // namespace
}  // namespace penstock::routing
