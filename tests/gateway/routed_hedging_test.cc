// Hedging: a second attempt beside a first that is slow.
//
// Numbers in comments are those of docs/routing-cases.md.

#include <string>

#include "gateway/routed_gateway.h"

namespace penstock::gateway {
namespace {

class RoutedHedgingTest : public RoutedGateway {
 protected:
  static std::string chat_with_tools() {
    return post(
        "/v1/chat/completions",
        chat_body("smart", false,
                  R"(,"tools":[{"type":"function","function":{"name":"f","parameters":{}}}])"));
  }
  RoutedHedgingTest() {
    config::HedgeRules& hedge = route().rules.hedge;
    hedge.is_on = true;
    hedge.delay = seconds(1);
    hedge.max_percent = 100;
  }
  config::ModelRoute& smart() { return settings->routing.routes.front(); }

  static Act slow_stream(milliseconds wait, std::string_view text) {
    Act act = Act::begin_stream();
    act.event(kRole).wait(wait).event(chat_chunk(R"({"content":")" + std::string(text) + R"("})"));
    return act.event("[DONE]").then("0\r\n\r\n");
  }
};

// 48
TEST_F(RoutedHedgingTest, AsksASecondTargetIfTheFirstHasNoContentInTime) {
  start();
  a().next.push_back(Act::silence());
  Act streaming = Act::begin_stream();
  streaming.event(kHello).stall();
  b().next.push_back(streaming);
  Client& client = begin(stream());
  pass(milliseconds(990));
  EXPECT_EQ(b().served(), 0u);
  pass(milliseconds(20));
  EXPECT_EQ(b().served(), 1u);
  EXPECT_EQ(client.reply().status, 200);
  EXPECT_EQ(client.reply().field("x-penstock-target"), "b/m");
  EXPECT_EQ(client.reply().field("x-penstock-attempts"), "2");
  pass(milliseconds(40));
  EXPECT_EQ(a().open, 0u);
  EXPECT_EQ(a().cut_short, 1u);
}

// 48
TEST_F(RoutedHedgingTest, TakesTheAnswerWhoseContentComesFirstAndNothingOfTheOther) {
  start();
  a().next.push_back(slow_stream(milliseconds(1'500), "of_a"));
  b().next.push_back(slow_stream(seconds(20), "of_b"));
  Client& client = begin(stream());
  pass(milliseconds(1'510));
  EXPECT_EQ(b().served(), 1u);
  EXPECT_EQ(client.reply().field("x-penstock-target"), "a/m");
  EXPECT_TRUE(client.reply().ended);
  EXPECT_NE(client.reply().body.find("of_a"), std::string::npos);
  pass(milliseconds(40));
  EXPECT_EQ(b().open, 0u);
  pass(seconds(20));
  EXPECT_EQ(client.reply().body.find("of_b"), std::string::npos);
}

// 48
TEST_F(RoutedHedgingTest, ClosesALoserThatHasBegunItsAnswer) {
  start();
  Act begun = Act::begin_stream();
  begun.event(kRole).stall();
  a().next.push_back(begun);
  Act streaming = Act::begin_stream();
  streaming.event(kHello).stall();
  b().next.push_back(streaming);
  Client& client = begin(stream());
  pass(milliseconds(1'010));
  EXPECT_EQ(client.reply().field("x-penstock-target"), "b/m");
  pass(milliseconds(40));
  EXPECT_EQ(a().open, 0u);
  EXPECT_EQ(a().cut_short, 1u);
}

// 49
TEST_F(RoutedHedgingTest, DoublesNoMoreRequestsThanItsShare) {
  smart().rules.hedge.max_percent = 5;
  start();
  a().always = Act::silence();
  for (int i = 0; i < 200; ++i) begin(chat());
  pass(seconds(2));
  EXPECT_EQ(a().served(), 200u);
  EXPECT_GT(b().served(), 0u);
  EXPECT_LE(b().served(), 10u);
}

// 50
TEST_F(RoutedHedgingTest, DoublesNoRequestWithToolsUnlessThatIsAllowed) {
  start();
  a().always = Act::silence();
  begin(chat_with_tools());
  pass(seconds(2));
  EXPECT_EQ(b().served(), 0u);
}

// 50
TEST_F(RoutedHedgingTest, DoublesRequestsWithToolsWhereThatIsAllowed) {
  smart().rules.hedge.with_tools = true;
  start();
  a().always = Act::silence();
  begin(chat_with_tools());
  pass(seconds(2));
  EXPECT_EQ(b().served(), 1u);
}

// 50
TEST_F(RoutedHedgingTest, DoublesNoRequestThatChangesSomething) {
  start();
  a().always = Act::silence();
  begin(post("/v1/fine_tuning/jobs", R"({"model":"smart","training_file":"f"})"));
  pass(seconds(2));
  EXPECT_EQ(a().served(), 1u);
  EXPECT_EQ(b().served(), 0u);
}

TEST_F(RoutedHedgingTest, DoesNotDoubleWhatAnswersInTime) {
  start();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask(chat()).field("x-penstock-target"), "a/m");
  pass(seconds(5));
  EXPECT_EQ(b().served(), 0u);
}

TEST_F(RoutedHedgingTest, ClosesBothAttemptsOfAClientThatLeaves) {
  start();
  a().next.push_back(Act::silence());
  b().next.push_back(Act::silence());
  Client& client = begin(stream());
  pass(seconds(2));
  EXPECT_EQ(a().open + b().open, 2u);
  client.leave();
  pass(milliseconds(100));
  EXPECT_EQ(a().open + b().open, 0u);
}

TEST_F(RoutedHedgingTest, WaitsForTheFirstIfTheSecondFails) {
  start();
  a().next.push_back(slow_stream(seconds(5), "of_a"));
  b().next.push_back(Act::error(429, "", "Retry-After: 30\r\n"));
  Client& client = begin(stream());
  pass(milliseconds(5'010));
  EXPECT_EQ(client.reply().field("x-penstock-target"), "a/m");
  EXPECT_NE(client.reply().body.find("of_a"), std::string::npos);
  // And what the loser said of itself counts.
  kill(0);
  begin(chat());
  EXPECT_EQ(b().served(), 1u);
}

TEST_F(RoutedHedgingTest, AsksAThirdTargetIfBothFail) {
  settings->routing.routes.clear();
  config::ModelRoute& all = route("abc");
  all.rules.hedge = {.delay = seconds(1), .is_on = true, .max_percent = 100};
  start();
  a().next.push_back(Act().wait(seconds(3)).then("HTTP/1.1 500 S\r\nContent-Length: 2\r\n\r\n{}"));
  b().next.push_back(Act().wait(seconds(1)).then("HTTP/1.1 500 S\r\nContent-Length: 2\r\n\r\n{}"));
  Client& client = begin(chat());
  pass(milliseconds(3'010));
  EXPECT_EQ(client.reply().field("x-penstock-target"), "c/m");
  EXPECT_EQ(client.reply().field("x-penstock-attempts"), "3");
}

TEST_F(RoutedHedgingTest, DropsAStreamThatSaysAnErrorWhileTheOtherGoesOn) {
  start();
  Act failing = Act::begin_stream();
  failing.event(kRole).wait(seconds(2)).event(R"({"error":{"message":"overloaded"}})");
  a().next.push_back(failing.then("0\r\n\r\n"));
  b().next.push_back(slow_stream(seconds(5), "of_b"));
  Client& client = begin(stream());
  pass(milliseconds(6'010));
  EXPECT_EQ(client.reply().field("x-penstock-target"), "b/m");
  EXPECT_NE(client.reply().body.find("of_b"), std::string::npos);
}

TEST_F(RoutedHedgingTest, EndsTheAnswerOfTheWinnerWhenItsClientLeaves) {
  start();
  a().next.push_back(Act::silence());
  Act streaming = Act::begin_stream();
  streaming.event(kHello).stall();
  b().next.push_back(streaming);
  Client& client = begin(stream());
  pass(milliseconds(1'010));
  EXPECT_EQ(client.reply().status, 200);
  client.leave();
  pass(milliseconds(100));
  EXPECT_EQ(b().open, 0u);
}

// A bug in one of them ends the request like any other bug, and leaves nothing behind.
TEST_F(RoutedHedgingTest, EndsBothAttemptsIfTheSecondThrows) {
  settings->providers[1].connection_limits.max_connections = 1;
  start();
  a().next.push_back(Act::silence());
  b().throws = true;
  Client& client = begin(chat());
  pass(milliseconds(1'010));
  EXPECT_TRUE(client.reply().broken);
  EXPECT_EQ(take_exceptions(), "connecting is broken");
  pass(milliseconds(40));
  EXPECT_EQ(a().open, 0u);
  EXPECT_EQ(a().cut_short, 1u);
  EXPECT_TRUE(gateway->open_exchanges().quiet().raised());
  b().throws = false;
  a().next.push_back(Act::silence());
  Client& next = begin(chat());
  pass(milliseconds(1'010));
  EXPECT_EQ(next.reply().field("x-penstock-target"), "b/m");
}

TEST_F(RoutedHedgingTest, BeginsNoSecondAttemptIfTheFirstThrows) {
  start();
  a().throws = true;
  Client& client = begin(chat());
  EXPECT_TRUE(client.reply().broken);
  EXPECT_EQ(take_exceptions(), "connecting is broken");
  pass(seconds(2));
  EXPECT_EQ(b().served(), 0u);
  EXPECT_TRUE(gateway->open_exchanges().quiet().raised());
}

}  // namespace
}  // namespace penstock::gateway
