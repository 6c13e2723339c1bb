// What bounds the attempts of a request, and where they lead: budgets, bodies, other models.
//
// Numbers in comments are those of docs/routing-cases.md.

#include <string>
#include <vector>

#include "gateway/routed_gateway.h"

namespace penstock::gateway {
namespace {

class RoutedLimitsTest : public RoutedGateway {
 protected:
  static std::string large() {
    return post(
        "/v1/chat/completions",
        chat_body("smart", false, R"(,"user":")" + std::string(2 * 1024 * 1024, 'x') + R"(")"));
  }
};

// 51
TEST_F(RoutedLimitsTest, SendsNoMoreRetriesThanItsBudget) {
  config::ModelRoute& smart = route();
  // The breakers shall not help.
  smart.rules.breaker.failures = 1'000'000;
  smart.rules.breaker.min_requests = 1'000'000;
  start();
  const Act failing =
      Act().wait(milliseconds(500)).then("HTTP/1.1 500 S\r\nContent-Length: 2\r\n\r\n{}");
  a().always = failing;
  b().always = failing;
  std::vector<Client*> all;
  for (int i = 0; i < 1'000; ++i) all.push_back(&begin(chat()));
  pass(seconds(30));
  for (Client* client : all) EXPECT_EQ(client->reply().status, 500);
  // A fifth of those in flight, and three in each of the ten seconds before.
  EXPECT_LE(a().served() + b().served(), 1'200u + 3 * 40);
  EXPECT_GT(a().served() + b().served(), 1'100u);
}

// 52
TEST_F(RoutedLimitsTest, EndsEverythingWhenAClientLeavesDuringItsSecondAttempt) {
  route();
  start();
  a().next.push_back(Act::error(500));
  b().next.push_back(Act::silence());
  Client& client = begin(chat());
  EXPECT_EQ(b().open, 1u);
  client.leave();
  pass(milliseconds(200));
  EXPECT_EQ(b().open, 0u);
  pass(seconds(30));
  EXPECT_EQ(a().served() + b().served(), 2u);
}

// 52
TEST_F(RoutedLimitsTest, StartsNothingForAClientThatLeftInABackoff) {
  route("a").rules.retry.backoff = {.initial = seconds(60), .max = seconds(60)};
  start();
  a().always = Act::error(500);
  Client& client = begin(chat());
  EXPECT_EQ(client.reply().status, 0);
  client.leave();
  pass(seconds(120));
  EXPECT_EQ(a().served(), 1u);
}

// 53
TEST_F(RoutedLimitsTest, RepeatsALargeBodyOnlyIfNothingOfItWasSent) {
  route();
  start();
  a().next.push_back(Act::error(500));
  EXPECT_EQ(ask(large()).status, 500);
  EXPECT_EQ(b().served(), 0u);
  kill(0);
  const Reply reply = ask(large());
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("x-penstock-target"), "b/m");
  EXPECT_GT(b().got.back().size(), 2u * 1024 * 1024);
}

// 55
TEST_F(RoutedLimitsTest, CountsNothingInFlightWhenAllRequestsHaveEnded) {
  config::ModelRoute& smart = route("abc");
  smart.rules.balance = config::Balance::kLeastBusy;
  smart.rules.queue.wait = seconds(1);
  smart.rules.hedge = {.delay = milliseconds(300), .is_on = true, .max_percent = 50};
  smart.rules.timeouts = {.first_byte = seconds(2), .first_token = seconds(2)};
  for (config::RouteTarget& target : smart.targets) target.max_concurrency = 20;
  start();
  const std::vector<Act> acts = {
      Act::error(500),
      Act::error(429, "", "Retry-After: 0.2\r\n"),
      Act::silence(),
      Act().reset(),
      Act::stream({kRole, R"({"error":{"message":"overloaded"}})"}),
      Act::stream({kRole, kHello, R"({"error":{"message":"overloaded"}})"}),
      Act::stream({kRole, kHello, kStop, "[DONE]"}),
  };
  for (std::size_t i = 0; i < 1'000; ++i) {
    for (Upstream* each : {&a(), &b(), &c()}) {
      if (random.next() % 2 == 0) each->next.push_back(acts[random.next() % acts.size()]);
    }
    Client& client = begin(stream());
    if (random.next() % 8 == 0) client.leave();
    pass(milliseconds(random.next() % 20));
  }
  pass(seconds(60));
  for (const auto& target : chooser->router().targets()) EXPECT_EQ(target->in_flight(), 0u);
  for (Upstream* each : {&a(), &b(), &c()}) EXPECT_EQ(each->open, 0u);
}

TEST_F(RoutedLimitsTest, AnswersClientsOfTheOldProtocol) {
  route();
  start();
  a().next.push_back(Act::error(500));
  const std::string body = chat_body("smart", true);
  const Reply reply =
      ask("POST /v1/chat/completions HTTP/1.0\r\nContent-Length: " + std::to_string(body.size()) +
          "\r\n\r\n" + body);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("x-penstock-target"), "b/m");
  EXPECT_EQ(reply.field("Transfer-Encoding"), "");
  EXPECT_NE(reply.body.find("hello"), std::string::npos);
  EXPECT_TRUE(reply.body.ends_with("[DONE]\n\n")) << reply.body;
}

TEST_F(RoutedLimitsTest, FollowsTheFallbacksOfFallbacks) {
  route("a").fallbacks.any = {"second"};
  route("b", "second").fallbacks.any = {"smart", "third"};
  route("c", "third");
  start();
  a().refuses = true;
  b().refuses = true;
  Client& client = begin(chat());
  pass(seconds(30));
  const Reply reply = client.reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("x-penstock-target"), "c/m");
  EXPECT_EQ(reply.field("x-penstock-fallback"), "yes");
  EXPECT_EQ(reply.body, R"({"id":"x","model":"smart","choices":[]})");
}

TEST_F(RoutedLimitsTest, FallsBackToAModelWithoutARoute) {
  route("b").fallbacks.any = {"a/m"};
  start();
  b().next.push_back(Act::error(429));
  const Reply reply = ask(chat());
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("x-penstock-fallback"), "yes");
  EXPECT_EQ(reply.body, R"({"id":"x","model":"smart","choices":[]})");
  EXPECT_EQ(a().got.back(), chat_body("m"));
}

TEST_F(RoutedLimitsTest, PassesOverAFallbackThatNobodyServes) {
  route("b").fallbacks.any = {"unknown", "third"};
  route("c", "third");
  start();
  b().next.push_back(Act::error(429));
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "c/m");
}

TEST_F(RoutedLimitsTest, GivesTheUpstreamsAnswerIfNobodyServesAFallback) {
  route("b").fallbacks.any = {"unknown"};
  start();
  b().next.push_back(Act::error(429, "of_b"));
  const Reply reply = ask(chat());
  EXPECT_EQ(reply.status, 429);
  EXPECT_NE(reply.body.find("of_b"), std::string::npos) << reply.body;
}

TEST_F(RoutedLimitsTest, NamesAllModelsOfABatchAsTheTargetDoes) {
  config::ModelRoute& smart = route();
  smart.targets[0].model = "of-a";
  smart.targets[1].model = "of-b";
  config::ModelRoute& other = route("ab", "other");
  other.targets[0].model = "other-of-a";
  other.targets[1].model = "other-of-b";
  start();
  a().next.push_back(Act::error(429));
  const auto batch = [](std::string_view first, std::string_view second) {
    return R"({"requests":[{"custom_id":"1","params":{"model":")" + std::string(first) +
           R"(","max_tokens":1,"messages":[]}},{"custom_id":"2","params":{"model":")" +
           std::string(second) + R"(","max_tokens":1,"messages":[]}}]})";
  };
  const Reply reply = ask(post("/v1/messages/batches", batch("smart", "other")));
  EXPECT_EQ(reply.status, 200);
  ASSERT_EQ(a().served(), 1u);
  EXPECT_EQ(a().got[0], batch("of-a", "other-of-a"));
  ASSERT_EQ(b().served(), 1u);
  EXPECT_EQ(b().got[0], batch("of-b", "other-of-b"));
}

}  // namespace
}  // namespace penstock::gateway
