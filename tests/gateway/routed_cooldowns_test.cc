// Cooldowns, quotas and keys, as clients see them.
//
// Numbers in comments are those of docs/routing-cases.md.

#include <string>

#include "gateway/routed_gateway.h"

namespace penstock::gateway {
namespace {

class RoutedCooldownsTest : public RoutedGateway {
 protected:
  std::string served_by(std::string_view request) {
    return ask(request).field("x-penstock-target");
  }
  // `a` is asked, limits, and is then left alone for exactly this time.
  void expect_cooldown(std::string_view fields, milliseconds time) {
    SCOPED_TRACE(std::string(fields));
    const std::size_t before = a().served();
    a().next.push_back(Act::error(429, "", fields));
    EXPECT_EQ(served_by(chat()), "b/m");
    EXPECT_EQ(a().served(), before + 1);
    pass(time - milliseconds(5));
    EXPECT_EQ(served_by(chat()), "b/m");
    EXPECT_EQ(a().served(), before + 1);
    pass(milliseconds(10));
    EXPECT_EQ(served_by(chat()), "a/m");
  }
  // Of a caller with a key of its own for `a`.
  static std::string chat_with_own_key() {
    return chat("smart", "X-OGX-Provider-Data: {\"a_api_key\":\"of-the-caller\"}\r\n");
  }
  void let_callers_bring_keys() {
    settings->providers[0].key_order = config::KeyOrder::kCallerFirst;
  }
};

// 14, 16, 17
TEST_F(RoutedCooldownsTest, ReadsTheTimeInEachForm) {
  route();
  start();
  expect_cooldown("Retry-After: 0.5\r\n", milliseconds(500));
  expect_cooldown("Retry-After: 1\r\nretry-after-ms: 300\r\n", milliseconds(300));
  expect_cooldown("Retry-After: 1\r\nx-ms-retry-after-ms: 400\r\n", milliseconds(400));
}

// 15
TEST_F(RoutedCooldownsTest, ReadsADate) {
  route();
  start();
  // The simulated time begins on this day, at one.
  expect_cooldown("Retry-After: Fri, 20 Dec 2019 01:00:20 GMT\r\n", seconds(20));
}

// 22
TEST_F(RoutedCooldownsTest, ExtendsACooldownAndNeverShortensIt) {
  route();
  start();
  // Three requests are under way when the first answer comes.
  const auto limits = [](seconds wait, std::string_view time) {
    return Act().wait(wait).then(
        "HTTP/1.1 429 S\r\nContent-Length: 2\r\nRetry-After: " + std::string(time) + "\r\n\r\n{}");
  };
  a().next = {limits(seconds(1), "10"), limits(seconds(2), "20"), limits(seconds(3), "1")};
  for (int i = 0; i < 3; ++i) begin(chat());
  pass(seconds(4));
  EXPECT_EQ(a().served(), 3u);
  EXPECT_EQ(b().served(), 3u);
  pass(milliseconds(17'990));
  EXPECT_EQ(served_by(chat()), "b/m");
  pass(milliseconds(20));
  EXPECT_EQ(served_by(chat()), "a/m");
}

// 23
TEST_F(RoutedCooldownsTest, DoublesTheTimeWhereNoneIsTold) {
  route();
  start();
  for (const seconds time : {seconds(5), seconds(10), seconds(20)}) {
    SCOPED_TRACE(time.count());
    const std::size_t before = a().served();
    a().next.push_back(Act::error(429));
    EXPECT_EQ(served_by(chat()), "b/m");
    EXPECT_EQ(a().served(), before + 1);
    pass(time - milliseconds(10));
    EXPECT_EQ(served_by(chat()), "b/m");
    EXPECT_EQ(a().served(), before + 1);
    pass(milliseconds(20));
  }
  EXPECT_EQ(served_by(chat()), "a/m");
}

// 24
TEST_F(RoutedCooldownsTest, TellsTheTimeOfTheFirstTargetHoweverManyHaveLimited) {
  route("abc");
  start();
  a().next.push_back(Act::error(429, "of_a", "Retry-After: 7\r\n"));
  b().next.push_back(Act::error(429, "of_b", "Retry-After: 30\r\n"));
  c().next.push_back(Act::error(429, "of_c", "Retry-After: 40\r\n"));
  const Reply reply = ask(chat());
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.field("Retry-After"), "7");
  EXPECT_EQ(reply.field("x-should-retry"), "");
}

TEST_F(RoutedCooldownsTest, SaysWhichModelsTargetsAreCooling) {
  route("ab");
  start();
  a().next.push_back(Act::error(429, "", "Retry-After: 7\r\n"));
  b().next.push_back(Act::error(429, "", "Retry-After: 30\r\n"));
  ask(chat());
  const std::string body = ask(chat()).body;
  EXPECT_TRUE(
      body.contains("\"all targets of the model 'smart' are cooling down; the first can be "
                    "asked in 7 s\""))
      << body;
}

TEST_F(RoutedCooldownsTest, TellsLibrariesNotToRetryIfNothingCanBeAskedSoon) {
  route("abc");
  start();
  for (Upstream* each : {&a(), &b(), &c()}) {
    each->next.push_back(Act::error(429, "", "Retry-After: 300\r\n"));
  }
  const Reply reply = ask(chat());
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.field("Retry-After"), "300");
  EXPECT_EQ(reply.field("x-should-retry"), "false");
}

TEST_F(RoutedCooldownsTest, TellsTheEarliestTimeOfTheModelAndItsFallbacks) {
  route("a").fallbacks.any = {"cheap"};
  route("b", "cheap");
  start();
  a().next.push_back(Act::error(429, "of_a", "Retry-After: 7\r\n"));
  b().next.push_back(Act::error(429, "of_b", "Retry-After: 30\r\n"));
  EXPECT_EQ(ask(chat()).field("Retry-After"), "7");
  const Reply refused = ask(chat());
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.field("Retry-After"), "7");
  EXPECT_EQ(refused.body.find("cheap"), std::string::npos) << refused.body;
}

// 25
TEST_F(RoutedCooldownsTest, WaitsForATargetThatCanSoonBeAsked) {
  route("a").rules.queue.wait = seconds(2);
  start();
  a().next.push_back(Act::error(429, "", "Retry-After: 1\r\n"));
  Client& client = begin(chat());
  pass(milliseconds(990));
  EXPECT_EQ(client.reply().status, 0);
  pass(milliseconds(20));
  EXPECT_EQ(client.reply().status, 200);
}

// 25
TEST_F(RoutedCooldownsTest, GivesTheQueuesPlaceOfAClientThatHasLeftToTheNext) {
  config::ModelRoute& smart = route("a");
  smart.rules.queue = {.size = 1, .wait = seconds(20)};
  smart.targets[0].max_concurrency = 1;
  start();
  a().next.push_back(
      Act()
          .wait(seconds(5))
          .then(
              "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"));
  begin(chat());
  Client& leaves = begin(chat());
  EXPECT_EQ(ask(chat()).status, 503);
  leaves.leave();
  sim.settle();
  Client& stays = begin(chat());
  EXPECT_EQ(stays.reply().status, 0);
  pass(milliseconds(5'010));
  EXPECT_EQ(stays.reply().status, 200);
}

// 27. Amazon names the kind of an error in the head.
TEST_F(RoutedCooldownsTest, LeavesATargetAloneForLongIfItsHeadSaysThatItsQuotaIsSpent) {
  route();
  start();
  a().next.push_back(
      Act::answer(400, R"({"message":"Your request exceeds the service quota."})",
                  "x-amzn-errortype: ServiceQuotaExceededException:http://x.amazon.com/\r\n"));
  EXPECT_EQ(served_by(chat()), "b/m");
  pass(seconds(599));
  EXPECT_EQ(served_by(chat()), "b/m");
  pass(seconds(2));
  EXPECT_EQ(served_by(chat()), "a/m");
}

// 27
TEST_F(RoutedCooldownsTest, LeavesATargetAloneForLongIfItsQuotaIsSpent) {
  route();
  start();
  a().next.push_back(Act::error(429, "insufficient_quota", "Retry-After: 1\r\n"));
  EXPECT_EQ(served_by(chat()), "b/m");
  pass(seconds(599));
  EXPECT_EQ(served_by(chat()), "b/m");
  pass(seconds(2));
  EXPECT_EQ(served_by(chat()), "a/m");
}

// 26
TEST_F(RoutedCooldownsTest, PassesTheRefusalOfTheCallersOwnKeyOn) {
  let_callers_bring_keys();
  route();
  start();
  a().next.push_back(Act::error(401, "invalid_api_key"));
  EXPECT_EQ(ask(chat_with_own_key()).status, 401);
  EXPECT_EQ(b().served(), 0u);
  EXPECT_EQ(served_by(chat()), "a/m");
}

TEST_F(RoutedCooldownsTest, CoolsNoTargetForAllBecauseTheKeyOfOneCallerIsLimited) {
  let_callers_bring_keys();
  route();
  start();
  a().next.push_back(Act::error(429, "rate_limit_exceeded", "Retry-After: 60\r\n"));
  EXPECT_EQ(served_by(chat_with_own_key()), "b/m");
  EXPECT_EQ(served_by(chat()), "a/m");
  a().next.push_back(Act::error(404, "model_not_found"));
  EXPECT_EQ(served_by(chat_with_own_key()), "b/m");
  EXPECT_EQ(served_by(chat()), "a/m");
}

TEST_F(RoutedCooldownsTest, LeavesATargetAloneIfNothingRemainsToTheOperatorButNotToOneCaller) {
  let_callers_bring_keys();
  route().rules.cooldown.proactive = true;
  start();
  const Act last_one = Act::answer(
      200, "{}", "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 60s\r\n");
  a().next = {last_one, last_one};
  EXPECT_EQ(served_by(chat_with_own_key()), "a/m");
  EXPECT_EQ(served_by(chat()), "a/m");
  EXPECT_EQ(served_by(chat()), "b/m");
}

TEST_F(RoutedCooldownsTest, PassesStatusesOnThatTheRouteNeverRetries) {
  config::ModelRoute& smart = route();
  smart.rules.retry.never_on_statuses = {429, 500};
  smart.rules.retry.on_statuses = {418};
  start();
  a().next = {Act::error(429, "", "Retry-After: 60\r\n"), Act::error(500), Act::error(418)};
  EXPECT_EQ(ask(chat()).status, 429);
  EXPECT_EQ(ask(chat()).status, 500);
  EXPECT_EQ(b().served(), 0u);
  EXPECT_EQ(served_by(chat()), "b/m");
  EXPECT_EQ(a().served(), 3u);
}

TEST_F(RoutedCooldownsTest, AsksATargetForOtherModelsOfAPrefixAfterOneThatItDoesNotKnow) {
  config::ModelRoute& any = route("ab", "x-*");
  for (config::RouteTarget& target : any.targets) target.model.clear();
  start();
  a().next.push_back(Act::error(404, "model_not_found"));
  EXPECT_EQ(served_by(chat("x-new")), "b/x-new");
  EXPECT_EQ(served_by(chat("x-old")), "a/x-old");
  EXPECT_EQ(a().got.back(), chat_body("x-old"));
}

}  // namespace
}  // namespace penstock::gateway
