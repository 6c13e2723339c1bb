// What an attempt that failed, or that was slower than another one, leaves behind: nothing.

#include <string>

#include "gateway/routed_gateway.h"

namespace penstock::gateway {
namespace {

class RoutedReleaseTest : public RoutedGateway {
 protected:
  config::ModelRoute& raced_route() {
    config::ModelRoute& added = route();
    added.rules.hedge = {.delay = milliseconds(50), .is_on = true, .max_percent = 100};
    return added;
  }
  // A stream that goes on for five seconds after its first content.
  static Act long_stream() {
    Act act = Act::begin_stream();
    act.event(kRole).event(kHello).wait(seconds(5)).event(kStop).event("[DONE]");
    return act.then("0\r\n\r\n");
  }
  static Act stalled_stream() {
    Act act = Act::begin_stream();
    return act.event(kRole).stall();
  }
};

TEST_F(RoutedReleaseTest, ClosesAnAttemptThatTookTooLongBeforeItAsksAnotherTarget) {
  route().rules.timeouts.first_token = seconds(1);
  start();
  a().next.push_back(stalled_stream());
  b().next.push_back(long_stream());
  begin(stream());
  pass(milliseconds(1'100));
  EXPECT_EQ(b().open, 1u);
  EXPECT_EQ(a().open, 0u);
  EXPECT_EQ(a().cut_short, 1u);
}

// 48
TEST_F(RoutedReleaseTest, ClosesTheSlowerAttemptWhenTheFasterHasContent) {
  raced_route();
  start();
  a().next.push_back(stalled_stream());
  b().next.push_back(long_stream());
  begin(stream());
  pass(milliseconds(60));
  EXPECT_EQ(b().open, 1u);
  EXPECT_EQ(a().open, 0u);
}

TEST_F(RoutedReleaseTest, LeavesATargetAloneAtOnceThatRefusesWhileAnotherAttemptGoesOn) {
  raced_route();
  start();
  Act limited;
  limited.wait(milliseconds(100)).then(Act::error(429, "", "Retry-After: 10\r\n").steps()[0].text);
  a().next.push_back(limited);
  Act slow;
  slow.wait(seconds(1)).then(Act::answer(200, R"({"model":"m"})").steps()[0].text);
  b().next.push_back(slow);
  Client& first = begin(chat());
  pass(milliseconds(200));
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "b/m");
  EXPECT_EQ(a().served(), 1u);
  pass(seconds(1));
  EXPECT_EQ(first.reply().status, 200);
}

TEST_F(RoutedReleaseTest, GivesUpAWaitForATargetWhenTheTimeOfTheRequestHasPassed) {
  config::ModelRoute& only = route("a");
  only.rules.retry.backoff = {.initial = seconds(60), .max = seconds(60)};
  only.rules.timeouts.request = milliseconds(100);
  start();
  a().always = Act::error(500, "of_a");
  Client& client = begin(chat());
  pass(milliseconds(101));
  EXPECT_EQ(client.reply().status, 500);
  EXPECT_EQ(a().served(), 1u);
}

}  // namespace
}  // namespace penstock::gateway
