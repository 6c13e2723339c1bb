// Weights, priorities and the health of targets, as clients see them.
//
// Numbers in comments are those of docs/routing-cases.md.

#include <string>

#include "gateway/routed_gateway.h"

namespace penstock::gateway {
namespace {

class RoutedHealthTest : public RoutedGateway {
 protected:
  static std::string embeddings() {
    return post("/v1/embeddings", R"({"model":"smart","input":"hi"})");
  }
  std::string served_by(std::string_view request) {
    return ask(request).field("x-penstock-target");
  }
  // `a` fails until its breaker opens.
  void break_a() {
    a().always = Act::error(500);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(served_by(chat()), "b/m");
    a().always.reset();
    EXPECT_EQ(served_by(chat()), "b/m");
  }
};

// 1
TEST_F(RoutedHealthTest, SharesRequestsByWeight) {
  config::ModelRoute& smart = route();
  smart.rules.balance = config::Balance::kWeighted;
  smart.targets[0].weight = 3;
  start();
  for (int i = 0; i < 4'000; ++i) {
    ASSERT_EQ(ask(chat()).status, 200);
  }
  EXPECT_NEAR(static_cast<double>(a().served()), 3'000, 90);
  EXPECT_EQ(a().served() + b().served(), 4'000u);
}

// 2
TEST_F(RoutedHealthTest, AsksNoTargetOfWeightZero) {
  config::ModelRoute& smart = route();
  smart.rules.balance = config::Balance::kWeighted;
  smart.targets[0].weight = 0;
  start();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(served_by(chat()), "b/m");
  kill(1);
  Client& client = begin(chat());
  pass(seconds(30));
  EXPECT_EQ(client.reply().status, 502);
  EXPECT_EQ(a().served(), 0u);
}

// 3
TEST_F(RoutedHealthTest, AsksNothingOfAHigherPriorityWhileALowerOneIsWell) {
  config::ModelRoute& smart = route();
  smart.rules.balance = config::Balance::kRoundRobin;
  smart.targets[0].priority = 1;
  start();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(served_by(chat()), "b/m");
  EXPECT_EQ(a().served(), 0u);
}

// 4
TEST_F(RoutedHealthTest, ReturnsToTheLowerPriorityWithTheFirstRequestAfterItsCooldown) {
  config::ModelRoute& smart = route("abc");
  smart.targets[2].priority = 1;
  start();
  a().next.push_back(Act::error(429, "", "Retry-After: 3\r\n"));
  b().next.push_back(Act::error(429, "", "Retry-After: 4\r\n"));
  EXPECT_EQ(served_by(chat()), "c/m");
  pass(milliseconds(2'990));
  EXPECT_EQ(served_by(chat()), "c/m");
  pass(milliseconds(20));
  EXPECT_EQ(served_by(chat()), "a/m");
  EXPECT_EQ(c().served(), 2u);
}

// 7
TEST_F(RoutedHealthTest, AsksTheSameTargetAgainIfItClosedAnIdleConnectionAsTheRequestWasSent) {
  route();
  start();
  EXPECT_EQ(served_by(chat()), "a/m");
  for (int i = 0; i < 10; ++i) {
    a().next.push_back(Act().reset());
    const Reply reply = ask(chat());
    EXPECT_EQ(reply.field("x-penstock-target"), "a/m");
    EXPECT_EQ(reply.field("x-penstock-attempts"), "1");
  }
  EXPECT_EQ(b().served(), 0u);
}

// 9
TEST_F(RoutedHealthTest, AsksATargetNoMoreAfterFiveFailuresInARow) {
  route();
  start();
  a().always = Act::error(500);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(served_by(chat()), "b/m");
  EXPECT_EQ(a().served(), 5u);
}

// 10
TEST_F(RoutedHealthTest, ProbesATargetWithOneRequestOfManyAtOnce) {
  route();
  start();
  break_a();
  const std::size_t before = a().served();
  pass(milliseconds(10'010));
  a().always =
      Act()
          .wait(seconds(1))
          .then("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  for (int i = 0; i < 100; ++i) begin(chat());
  EXPECT_EQ(a().served(), before + 1);
  EXPECT_EQ(b().served(), 6u + 99u);
  pass(milliseconds(1'010));
  begin(chat());
  EXPECT_EQ(a().served(), before + 2);
}

// 11
TEST_F(RoutedHealthTest, LeavesATargetAloneForTwiceAsLongAfterEachFailedProbe) {
  config::ModelRoute& smart = route();
  smart.rules.breaker.open_max = seconds(30);
  start();
  break_a();
  a().always = Act::error(500);
  // Up to a tenth less: clients shall not come back all at once.
  for (const seconds length : {seconds(10), seconds(20), seconds(30), seconds(30)}) {
    SCOPED_TRACE(length.count());
    const std::size_t before = a().served();
    pass(length * 9 / 10 - milliseconds(10));
    EXPECT_EQ(served_by(chat()), "b/m");
    EXPECT_EQ(a().served(), before);
    pass(length / 10 + milliseconds(20));
    EXPECT_EQ(served_by(chat()), "b/m");
    EXPECT_EQ(a().served(), before + 1);
  }
}

// 12
TEST_F(RoutedHealthTest, GivesATargetThatIsBackItsShareLittleByLittle) {
  config::ModelRoute& smart = route("abc");
  smart.rules.balance = config::Balance::kWeighted;
  start();
  a().always = Act::error(500);
  while (a().served() < 5) EXPECT_EQ(ask(chat()).status, 200);
  a().always.reset();
  pass(milliseconds(10'010));
  while (a().served() < 7) EXPECT_EQ(served_by(chat()).size(), 3u);  // two good probes
  pass(seconds(1));
  const auto share = [this](int requests) {
    const std::size_t before = a().served();
    for (int i = 0; i < requests; ++i) EXPECT_EQ(ask(chat()).status, 200);
    return static_cast<double>(a().served() - before) / requests;
  };
  EXPECT_LT(share(300), 0.3 / 3);
  pass(seconds(10));
  EXPECT_NEAR(share(300), 1.0 / 3, 0.02);
}

// 57
TEST_F(RoutedHealthTest, GoesOnChattingWhereEmbeddingsAreBroken) {
  route();
  start();
  a().always = Act::error(500);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(served_by(embeddings()), "b/m");
  EXPECT_EQ(a().served(), 5u);
  a().always.reset();
  EXPECT_EQ(served_by(embeddings()), "b/m");
  EXPECT_EQ(served_by(chat()), "a/m");
}

TEST_F(RoutedHealthTest, AsksATargetWhoseBreakerIsOpenIfNoOtherCanAnswer) {
  route("a").rules.attempts = 1;
  start();
  a().always = Act::error(500);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(chat()).status, 500);
  ASSERT_FALSE(chooser->router().targets()[0]->breaker(routing::Family::kChat).is_closed());
  a().always.reset();
  EXPECT_EQ(served_by(chat()), "a/m");
}

TEST_F(RoutedHealthTest, HoldsNothingAgainstATargetWhoseClientsLeave) {
  route();
  start();
  a().always = Act::silence();
  for (int i = 0; i < 10; ++i) {
    begin(chat()).leave();
    sim.settle();
  }
  EXPECT_EQ(a().cut_short, 10u);
  a().always.reset();
  EXPECT_EQ(served_by(chat()), "a/m");
}

TEST_F(RoutedHealthTest, CountsStreamsThatBreakOffAfterTheirContent) {
  route();
  start();
  Act broken = Act::begin_stream();
  broken.event(kHello).reset();
  a().always = broken;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ask(stream()).status, 200);
  EXPECT_LT(a().served(), 20u);
}

}  // namespace
}  // namespace penstock::gateway
