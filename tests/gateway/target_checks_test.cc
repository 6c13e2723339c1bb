// Regular requests that show whether targets are there.

#include "gateway/target_checks.h"

#include <gmock/gmock.h>

#include "gateway/routed_gateway.h"

namespace penstock::gateway {
namespace {

class TargetChecksTest : public RoutedGateway {
 protected:
  ~TargetChecksTest() override {
    stopping_.raise();
    pass(seconds(60));
    EXPECT_EQ(checking_.size(), 0u);
  }

  void start_checking() {
    start();
    checks_.emplace(TargetChecks::Parts{.loop = sim.loop(),
                                        .random = random,
                                        .scratch = scratch,
                                        .providers = providers,
                                        .router = {chooser, &chooser->router()},
                                        .log = log});
    checks_->start(checking_, stopping_);
  }
  config::ModelRoute& checked_route() {
    config::ModelRoute& added = route();
    added.rules.check = {.is_on = true, .path = "/v1/models", .interval = seconds(10)};
    return added;
  }
  static bool is_check(std::string_view head) { return head.starts_with("GET /v1/models\r\n"); }

 private:
  std::optional<TargetChecks> checks_;
  net::Signal stopping_;
  net::TaskGroup checking_{sim.loop(), [](std::string_view what) { ADD_FAILURE() << what; }};
};

TEST_F(TargetChecksTest, AskEachUpstreamAboutOnceInTheirInterval) {
  checked_route();
  start_checking();
  pass(seconds(60));
  EXPECT_GE(a().served(), 5u);
  EXPECT_LE(a().served(), 7u);
  EXPECT_GE(b().served(), 5u);
  EXPECT_EQ(c().served(), 0u);
  EXPECT_TRUE(is_check(a().heads[0])) << a().heads[0];
  EXPECT_NE(a().heads[0].find("key-of-upstream-a"), std::string::npos);
  EXPECT_EQ(a().heads[0].find("x-request-id"), std::string::npos) << "there is no client";
}

TEST_F(TargetChecksTest, SayNothingAboutAnUpstreamThatOnlyCallersCanAsk) {
  settings->providers[0].api_key = {};
  settings->providers[0].needs_key = true;
  checked_route();
  start_checking();
  pass(seconds(60));
  EXPECT_EQ(a().served(), 0u);
  const std::string data = "x-ogx-provider-data: {\"a_api_key\":\"key-of-the-caller\"}\r\n";
  EXPECT_EQ(ask(chat("smart", data)).field("x-penstock-target"), "a/m");
}

TEST_F(TargetChecksTest, KeepClientsFromATargetThatIsAway) {
  checked_route();
  start_checking();
  a().refuses = true;
  pass(seconds(12));
  const Reply reply = ask(chat());
  EXPECT_EQ(reply.field("x-penstock-target"), "b/m");
  EXPECT_EQ(reply.field("x-penstock-attempts"), "1");
}

TEST_F(TargetChecksTest, CountAnErrorOfTheServiceAndARefusedKeyAsAway) {
  for (const int status : {500, 503, 401, 403, 429}) {
    SCOPED_TRACE(status);
    a().always = Act::error(status);
    if (!gateway) {
      checked_route();
      start_checking();
    }
    pass(seconds(12));
    EXPECT_EQ(ask(chat()).field("x-penstock-target"), "b/m");
    a().always.reset();
    pass(seconds(60));
  }
}

TEST_F(TargetChecksTest, LetAProbeThroughAfterTwoGoodAnswers) {
  checked_route().rules.breaker.open_for = std::chrono::hours(1);
  start_checking();
  a().always = Act::error(503);
  pass(seconds(12));
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "b/m");
  a().always.reset();
  pass(seconds(25));
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "a/m");
}

TEST_F(TargetChecksTest, TakeNoLongerThanTheirLimit) {
  checked_route().rules.check.timeout = seconds(2);
  start_checking();
  a().always = Act::silence();
  pass(seconds(14));
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "b/m");
}

TEST_F(TargetChecksTest, AreNotMadeWhereNoRouteAsksForThem) {
  route();
  start_checking();
  pass(seconds(60));
  EXPECT_EQ(a().served(), 0u);
}

// Of a service that says so with its last success.
TEST_F(TargetChecksTest, ATargetWithNothingLeftIsNotAskedIfThatIsWanted) {
  route().rules.cooldown.proactive = true;
  start();
  a().next.push_back(
      Act::answer(200, R"({"id":"x","model":"m","choices":[]})",
                  "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 30s\r\n"));
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "a/m");
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "b/m");
  pass(seconds(31));
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "a/m");
}

TEST_F(TargetChecksTest, TellTheLogOnceWhenTheyBeginToFailAndOnceWhenTheyDoNoMore) {
  log.set_level(telemetry::LogLevel::kInfo);
  ::testing::internal::CaptureStderr();
  checked_route();
  start_checking();
  pass(seconds(30));
  a().refuses = true;
  pass(seconds(60));
  a().refuses = false;
  pass(seconds(30));
  const std::string told = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(told, ::testing::ContainsRegex(
                        "^[^\n]* warning  provider a: checks of http://a/v1 fail: [^\n]+\n"
                        "[^\n]* info     provider a: checks of http://a/v1 succeed again, "
                        "after [0-9]+ s\n$"));
}

}  // namespace
}  // namespace penstock::gateway
