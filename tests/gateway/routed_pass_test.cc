// The attempts of one request: who is asked after a failure, and what the client gets.
//
// Numbers in comments are those of docs/routing-cases.md.

#include <fmt/format.h>

#include <string>

#include "gateway/routed_gateway.h"

namespace penstock::gateway {
namespace {

class RoutedPassTest : public RoutedGateway {};

TEST_F(RoutedPassTest, ServesFromTheFirstTargetAndNamesIt) {
  route();
  start();
  const Reply reply = ask(chat());
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("x-penstock-target"), "a/m");
  EXPECT_EQ(reply.field("x-penstock-attempts"), "1");
  EXPECT_EQ(reply.field("x-penstock-fallback"), "");
  EXPECT_EQ(reply.body, R"({"id":"x","model":"smart","choices":[]})");
  ASSERT_EQ(a().served(), 1u);
  EXPECT_EQ(a().got[0], chat_body("m"));
  EXPECT_EQ(b().served(), 0u);
}

// 5
TEST_F(RoutedPassTest, GoesToTheNextTargetAtOnceIfOneRefusesConnections) {
  route();
  start();
  a().refuses = true;
  const Reply reply = ask(chat());
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("x-penstock-target"), "b/m");
  EXPECT_EQ(reply.field("x-penstock-attempts"), "2");
  EXPECT_EQ(reply.body, R"({"id":"x","model":"smart","choices":[]})");
  EXPECT_EQ(b().got[0], chat_body("m"));
}

TEST_F(RoutedPassTest, GoesToTheNextTargetIfOneBreaksTheConnectionBeforeItAnswers) {
  route();
  start();
  a().next.push_back(Act().reset());
  const Reply reply = ask(chat());
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("x-penstock-target"), "b/m");
}

// 6
TEST_F(RoutedPassTest, DoesNotAskAgainForAnAnswerThatHasBegun) {
  route();
  start();
  a().next.push_back(
      Act::raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{")
          .reset());
  const Reply reply = ask(chat());
  EXPECT_EQ(reply.status, 502);
  EXPECT_EQ(b().served(), 0u);
}

// 8
TEST_F(RoutedPassTest, GoesToTheNextTargetAfterAServersError) {
  route();
  start();
  a().next.push_back(Act::error(500));
  EXPECT_EQ(ask(chat()).status, 200);
  EXPECT_EQ(b().served(), 1u);
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "a/m");
}

// 13
TEST_F(RoutedPassTest, LeavesATargetAloneForAsLongAsItAsks) {
  route();
  start();
  a().next.push_back(Act::error(429, "rate_limit_exceeded", "Retry-After: 2\r\n"));
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "b/m");
  pass(milliseconds(1'990));
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "b/m");
  EXPECT_EQ(a().served(), 1u);
  pass(milliseconds(20));
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "a/m");
}

// 24
TEST_F(RoutedPassTest, SaysWhenTheFirstTargetCanBeAskedIfAllAreCooling) {
  route();
  start();
  a().next.push_back(Act::error(429, "of_a", "Retry-After: 7\r\n"));
  b().next.push_back(Act::error(429, "of_b", "Retry-After: 30\r\n"));
  const Reply reply = ask(chat());
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.field("Retry-After"), "7");
  EXPECT_EQ(reply.field("x-should-retry"), "");
  EXPECT_NE(reply.body.find("of_b"), std::string::npos) << reply.body;
  pass(seconds(3));
  const Reply refused = ask(chat());
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.field("Retry-After"), "4");
  EXPECT_EQ(a().served() + b().served(), 2u);
}

// 26
TEST_F(RoutedPassTest, AsksAnotherTargetIfTheOperatorsKeyIsRefused) {
  route();
  start();
  a().next.push_back(Act::error(401, "invalid_api_key"));
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "b/m");
}

// 28
TEST_F(RoutedPassTest, PassesTheCallersMistakesOn) {
  route();
  start();
  a().next.push_back(Act::error(400, "bad"));
  const Reply reply = ask(chat());
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body, R"({"error":{"message":"no","type":"error","code":"bad"}})");
  EXPECT_EQ(reply.field("x-penstock-attempts"), "1");
  EXPECT_EQ(b().served(), 0u);
}

// 29
TEST_F(RoutedPassTest, AsksAnotherTargetIfOneDoesNotKnowTheModel) {
  route();
  start();
  a().next.push_back(Act::error(404, "model_not_found"));
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "b/m");
  a().next.clear();
  pass(seconds(61));
  a().next.push_back(Act::error(404, "whatever"));
  EXPECT_EQ(ask(chat()).status, 404);
}

// 30
TEST_F(RoutedPassTest, AsksAnotherModelIfThePromptIsTooLong) {
  route().fallbacks.context_window = {"long"};
  route("c", "long");
  start();
  a().next.push_back(Act::error(400, "context_length_exceeded"));
  const Reply reply = ask(chat());
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, R"({"id":"x","model":"smart","choices":[]})");
  EXPECT_EQ(reply.field("x-penstock-target"), "c/m");
  EXPECT_EQ(reply.field("x-penstock-fallback"), "yes");
  EXPECT_EQ(b().served(), 0u);
}

// 31
TEST_F(RoutedPassTest, DropsAStreamThatSaysAnErrorBeforeAnyContent) {
  route();
  start();
  a().next.push_back(
      Act::stream({kRole, R"({"error":{"message":"slow down","code":"rate_limit_exceeded"}})"}));
  const Reply reply = ask(stream());
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("x-penstock-target"), "b/m");
  EXPECT_TRUE(reply.ended);
  std::string expected;
  for (const std::string& event : {kRole, kHello, kStop}) {
    expected += "data: " + event + "\n\n";
  }
  std::size_t at = 0;
  while ((at = expected.find(R"("model":"m")", at)) != std::string::npos) {
    expected.replace(at, 11, R"("model":"smart")");
  }
  EXPECT_EQ(reply.body, expected + "data: [DONE]\n\n");
}

// 32
TEST_F(RoutedPassTest, GivesAnErrorInAStreamItsStatusIfNoOtherTargetIsThere) {
  route("a");
  start();
  a().next.push_back(
      Act::stream({kRole, R"({"error":{"message":"slow down","code":"rate_limit_exceeded"}})"}));
  const Reply reply = ask(stream());
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.body, R"({"error":{"message":"slow down","code":"rate_limit_exceeded"}})");
}

TEST_F(RoutedPassTest, DropsAStreamWhoseEndIsAnErrorWithoutAnEmptyLine) {
  route();
  start();
  const std::string error = "data: {\"error\":{\"message\":\"slow\"}}\n";
  Act act = Act::begin_stream();
  act.event(kRole).then(fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", error.size(), error));
  a().next.push_back(act);
  const Reply reply = ask(stream());
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("x-penstock-target"), "b/m");
}

TEST_F(RoutedPassTest, DropsAWholeAnswerThatIsAnError) {
  for (const std::string_view error :
       {R"({"error":{"message":"slow down","code":429}})",
        R"({"type":"error","error":{"type":"overloaded_error","message":"x"}})"}) {
    route();
    start();
    a().next.push_back(Act::answer(200, error));
    const Reply reply = ask(chat());
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.field("x-penstock-target"), "b/m") << error;
  }
}

TEST_F(RoutedPassTest, GivesAnErrorInAWholeAnswerItsStatusIfNoOtherTargetIsThere) {
  route("a");
  start();
  a().next.push_back(Act::answer(200, R"({"error":{"message":"slow down","code":429}})"));
  const Reply reply = ask(chat());
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.body, R"({"error":{"message":"slow down","code":429}})");
}

TEST_F(RoutedPassTest, AsksATargetNoMoreThatForbidsIt) {
  route("a");
  start();
  for (int i = 0; i < 2; ++i) a().next.push_back(Act::error(500, "", "x-should-retry: false\r\n"));
  EXPECT_EQ(ask(chat()).status, 500);
  EXPECT_EQ(a().served(), 1u);
  EXPECT_EQ(ask(chat()).field("x-should-retry"), "false");
}

TEST_F(RoutedPassTest, AsksAnotherTargetIfOneForbidsToAskItAgain) {
  route();
  start();
  a().next.push_back(Act::error(500, "", "x-should-retry: false\r\n"));
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "b/m");
}

// 35
TEST_F(RoutedPassTest, AsksNobodyElseAfterTheFirstContent) {
  route();
  start();
  a().next.push_back(Act::stream({kRole, kHello, R"({"error":{"message":"broken"}})"}));
  const Reply reply = ask(stream());
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.broken);
  EXPECT_NE(reply.body.find("broken"), std::string::npos);
  EXPECT_EQ(b().served(), 0u);
}

// What a GET or HEAD asks for is no model's answer, even if a body names a model with a route.
TEST_F(RoutedPassTest, LeadsNoGetOrHeadAlongARoute) {
  route();
  start();
  const auto request = [](std::string_view method, std::string_view path, std::string_view more) {
    return std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n" +
           std::string(more);
  };
  const std::string body = "Content-Length: 17\r\n\r\n{\"model\":\"smart\"}";
  for (const std::string_view method : {"GET", "HEAD"}) {
    const bool has_body = method == "GET";
    EXPECT_EQ(ask(request(method, "/v1/chat/completions/chatcmpl-1", body)).status, 400);
    const Reply listed = ask(request(method, "/v1/models/smart", "\r\n"));
    EXPECT_EQ(listed.status, 200);
    EXPECT_EQ(listed.body.contains(R"("smart")"), has_body);
    EXPECT_EQ(ask(request(method, "/v1/responses/resp_1", body)).status, 400);
    EXPECT_EQ(a().served() + b().served(), 0u);
    const Reply stored =
        ask(request(method, "/v1/responses/resp_1", "x-penstock-provider: b\r\n" + body));
    EXPECT_EQ(stored.status, 200);
    EXPECT_EQ(!stored.body.empty(), has_body);
    EXPECT_EQ(stored.field("x-penstock-target"), "");
    EXPECT_EQ(b().served(), 1u);
    EXPECT_TRUE(b().heads.front().starts_with("GET /v1/responses/resp_1\r\n"));
    b().got.clear();
    b().heads.clear();
  }
  EXPECT_EQ(ask(request("HEAD", "/v1/responses", body)).status, 400);
  EXPECT_EQ(ask(request("HEAD", "/v1/embeddings", body)).status, 405);
}

}  // namespace
}  // namespace penstock::gateway
