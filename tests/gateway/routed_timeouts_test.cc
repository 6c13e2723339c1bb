// The five time limits of an attempt, and what follows when one passes.
//
// Numbers in comments are those of docs/routing-cases.md.

#include <string>

#include "gateway/routed_gateway.h"

namespace penstock::gateway {
namespace {

class RoutedTimeoutsTest : public RoutedGateway {
 protected:
  static Act comments_only() {
    Act act = Act::begin_stream();
    for (int i = 0; i < 100; ++i) act.event(": wait\n\n").wait(milliseconds(100));
    return act;
  }
};

// 39
TEST_F(RoutedTimeoutsTest, AsksAnotherTargetIfAStreamHasOnlyCommentsForTooLong) {
  route().rules.timeouts.first_token = seconds(1);
  start();
  a().next.push_back(comments_only());
  Client& client = begin(stream());
  pass(milliseconds(990));
  EXPECT_EQ(client.reply().status, 0);
  EXPECT_EQ(b().served(), 0u);
  pass(milliseconds(20));
  const Reply reply = client.reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("x-penstock-target"), "b/m");
  EXPECT_EQ(reply.body.find("wait"), std::string::npos);
}

TEST_F(RoutedTimeoutsTest, KeepsNoConnectionToAnUpstreamThatItNoLongerWaitsFor) {
  route().rules.timeouts.first_token = seconds(1);
  start();
  a().next.push_back(comments_only());
  Act slow = Act::begin_stream();
  slow.event(kHello).stall();
  b().next.push_back(slow);
  Client& client = begin(stream());
  pass(milliseconds(1'010));
  EXPECT_EQ(client.reply().field("x-penstock-target"), "b/m");
  pass(milliseconds(200));
  EXPECT_EQ(a().open, 0u);
  EXPECT_EQ(a().cut_short, 1u);
}

TEST_F(RoutedTimeoutsTest, KeepsNoConnectionToAnUpstreamWhoseStreamBeganWithAnError) {
  route();
  start();
  Act failing = Act::begin_stream();
  failing.event(R"({"error":{"message":"slow down","code":"rate_limit_exceeded"}})").stall();
  a().next.push_back(failing);
  Act slow = Act::begin_stream();
  slow.event(kHello).stall();
  b().next.push_back(slow);
  EXPECT_EQ(ask(stream()).field("x-penstock-target"), "b/m");
  pass(milliseconds(200));
  EXPECT_EQ(a().open, 0u);
}

// 40
TEST_F(RoutedTimeoutsTest, AsksAnotherTargetIfAStreamFallsSilentBeforeItsContent) {
  route().rules.timeouts.between_bytes = seconds(2);
  start();
  Act act = Act::begin_stream();
  act.event(kRole).stall();
  a().next.push_back(act);
  Client& client = begin(stream());
  pass(milliseconds(1'990));
  EXPECT_EQ(client.reply().status, 0);
  pass(milliseconds(20));
  EXPECT_EQ(client.reply().field("x-penstock-target"), "b/m");
}

// 40
TEST_F(RoutedTimeoutsTest, CutsAStreamThatFallsSilentAfterItsContent) {
  route().rules.timeouts.between_bytes = seconds(2);
  start();
  Act act = Act::begin_stream();
  act.event(kHello).stall();
  a().next.push_back(act);
  Client& client = begin(stream());
  pass(milliseconds(2'010));
  const Reply reply = client.reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.broken);
  EXPECT_NE(reply.body.find(R"("error")"), std::string::npos) << reply.body;
  EXPECT_EQ(reply.body.find("[DONE]"), std::string::npos);
  EXPECT_EQ(b().served(), 0u);
  EXPECT_EQ(a().open, 0u);
}

TEST_F(RoutedTimeoutsTest, AsksAnotherTargetIfThereIsNoHeadInTime) {
  route().rules.timeouts.first_byte = seconds(3);
  start();
  a().next.push_back(Act::silence());
  Client& client = begin(chat());
  pass(milliseconds(2'990));
  EXPECT_EQ(client.reply().status, 0);
  pass(milliseconds(20));
  EXPECT_EQ(client.reply().field("x-penstock-target"), "b/m");
}

// 41
TEST_F(RoutedTimeoutsTest, LimitsTheTimeOfAllAttemptsTogether) {
  config::ModelRoute& smart = route("abc");
  smart.rules.timeouts.first_byte = seconds(2);
  smart.rules.timeouts.request = seconds(3);
  start();
  a().always = Act::silence();
  b().always = Act::silence();
  Client& client = begin(chat());
  pass(milliseconds(2'990));
  EXPECT_EQ(client.reply().status, 0);
  EXPECT_EQ(b().open, 1u);
  pass(milliseconds(20));
  EXPECT_EQ(client.reply().status, 504);
  EXPECT_EQ(a().open + b().open, 0u);
  EXPECT_EQ(c().served(), 0u);
}

// 41
TEST_F(RoutedTimeoutsTest, BeginsNothingAfterTheTimeOfTheRequest) {
  config::ModelRoute& smart = route("a");
  smart.rules.timeouts.request = seconds(3);
  smart.rules.attempts = 10;
  smart.rules.retry.backoff = {.initial = seconds(60), .max = seconds(60)};
  start();
  a().always = Act::error(500);
  EXPECT_EQ(ask(chat()).status, 500);
  pass(seconds(120));
  EXPECT_EQ(a().served(), 1u);
}

TEST_F(RoutedTimeoutsTest, AsksAnotherModelAtOnceIfTheTimeIsTooShortForAWait) {
  config::ModelRoute& smart = route("a");
  smart.rules.timeouts.request = seconds(3);
  smart.rules.retry.backoff = {.initial = seconds(60), .max = seconds(60)};
  smart.fallbacks.any = {"other"};
  route("b", "other");
  start();
  a().always = Act::error(500);
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "b/m");
}

// 41
TEST_F(RoutedTimeoutsTest, AsksNoOtherModelAfterTheTimeOfTheRequest) {
  config::ModelRoute& smart = route("a");
  smart.rules.timeouts.request = seconds(3);
  smart.fallbacks.any = {"other"};
  route("b", "other");
  start();
  a().always = Act::silence();
  Client& client = begin(chat());
  pass(milliseconds(3'010));
  EXPECT_EQ(client.reply().status, 504);
  EXPECT_EQ(b().connections, 0u);
}

// 42
TEST_F(RoutedTimeoutsTest, LetsAClientShortenALimitButNotLengthenIt) {
  route().rules.timeouts.first_byte = seconds(3);
  start();
  a().always = Act::silence();
  Client& shorter = begin(chat("smart", "x-penstock-timeout-first-byte: 1s\r\n"));
  Client& longer = begin(chat("smart", "x-penstock-timeout-first-byte: 9s\r\n"));
  pass(milliseconds(1'010));
  EXPECT_EQ(shorter.reply().status, 200);
  EXPECT_EQ(longer.reply().status, 0);
  pass(milliseconds(2'000));
  EXPECT_EQ(longer.reply().status, 200);
}

TEST_F(RoutedTimeoutsTest, HoldsTheLimitsOfAClientAgainstNoTarget) {
  route();
  start();
  a().next = {Act::silence(), Act::silence(), Act::silence(), Act::silence(), Act::silence()};
  for (int i = 0; i < 5; ++i) {
    Client& hurried = begin(chat("smart", "x-penstock-timeout-first-byte: 1ms\r\n"));
    pass(milliseconds(2));
    EXPECT_EQ(hurried.reply().field("x-penstock-target"), "b/m");
  }
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "a/m");
}

TEST_F(RoutedTimeoutsTest, WaitsForAHeadNoLongerThanForTheFirstContent) {
  route().rules.timeouts.first_token = seconds(1);
  start();
  a().next.push_back(Act::silence());
  Client& client = begin(chat());
  pass(milliseconds(1'010));
  EXPECT_EQ(client.reply().field("x-penstock-target"), "b/m");
}

TEST_F(RoutedTimeoutsTest, BeginsNothingThatTheClientsLibraryWillNotWaitFor) {
  route("abc").rules.timeouts.first_byte = seconds(2);
  start();
  a().always = Act::silence();
  b().always = Act::silence();
  Client& client = begin(chat("smart", "x-stainless-timeout: 5\r\n"));
  pass(milliseconds(4'010));
  EXPECT_EQ(client.reply().status, 504);
  EXPECT_EQ(b().served(), 1u);
  EXPECT_EQ(c().served(), 0u);
}

}  // namespace
}  // namespace penstock::gateway
