#include "routing/router.h"

#include <gtest/gtest.h>

#include "routing/route_fixture.h"

namespace penstock::routing {
namespace {

std::shared_ptr<config::Settings> with_routes(const std::vector<std::string>& names) {
  auto settings = settings_with({{}});
  const config::ModelRoute first = settings->routing.routes.front();
  settings->routing.routes.clear();
  for (const std::string& name : names) {
    settings->routing.routes.push_back(first);
    settings->routing.routes.back().model = name;
  }
  return settings;
}

TEST(Router, FindsARouteByItsNameElseByTheLongestPrefix) {
  const Router router(with_routes({"*", "gpt-*", "gpt-5*", "gpt-5"}));
  const auto name = [&](std::string_view model) { return router.find(model)->settings().model; };
  EXPECT_EQ(name("gpt-5"), "gpt-5");
  EXPECT_EQ(name("gpt-5-mini"), "gpt-5*");
  EXPECT_EQ(name("gpt-4"), "gpt-*");
  EXPECT_EQ(name("llama"), "*");
}

TEST(Router, FindsNoRouteForAnotherName) {
  const Router router(with_routes({"gpt-*", "smart"}));
  EXPECT_EQ(router.find("gpt"), nullptr);
  EXPECT_EQ(router.find("smarter"), nullptr);
  EXPECT_EQ(router.find(""), nullptr);
}

TEST(Router, SharesTheTargetOfRoutesThatNameTheSame) {
  const Router router(with_routes({"one", "two"}));
  ASSERT_EQ(router.routes().size(), 2U);
  EXPECT_EQ(router.routes()[0]->members()[0].target, router.routes()[1]->members()[0].target);
  EXPECT_EQ(router.targets().size(), 1U);
}

// 54
TEST(Router, KeepsWhatIsKnownOfUnchangedTargetsWhenWeightsChange) {
  RouteFixture before(Shapes{{}, {}});
  before.fail(0, FailureClass::kRateLimited, seconds{60});
  for (int i = 0; i < 5; ++i) before.fail(1, FailureClass::kServer);
  Plan plan = before.plan();
  const Step running = plan.next(before.now());

  auto settings = settings_with({{.weight = 9}, {}, {}});
  std::swap(settings->providers[0], settings->providers[1]);
  for (config::RouteTarget& target : settings->routing.routes.front().targets) {
    if (target.provider < 2) target.provider = 1 - target.provider;
  }
  const Router after(settings, before.router().get());
  const std::span<const ModelRoute::Member> members = after.routes().front()->members();
  EXPECT_EQ(members[0].target.get(), &before.target(0));
  EXPECT_TRUE(members[0].target->is_cooling(before.now()));
  EXPECT_FALSE(members[1].target->breaker(Family::kChat).is_closed());
  EXPECT_EQ(members[1].target->in_flight(), 1U);
  EXPECT_FALSE(members[2].target->is_cooling(before.now()));
  EXPECT_EQ(&after.routes().front()->state(), &before.route().state());
}

TEST(Router, ForgetsWhatItKnewOfATargetWhoseProviderIsAnother) {
  RouteFixture before(1);
  before.fail(0, FailureClass::kCredential);
  auto settings = settings_with({{}});
  settings->providers.front().api_key = Secret("another");
  const Router after(settings, before.router().get());
  EXPECT_FALSE(after.targets().front()->is_cooling(before.now()));
}

}  // namespace
}  // namespace penstock::routing
