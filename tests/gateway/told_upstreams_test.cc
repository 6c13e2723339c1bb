// What the server's own log says of upstreams whose requests fail.

#include <algorithm>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/routed_gateway.h"

namespace penstock::gateway {
namespace {

using ::testing::HasSubstr;

class ToldUpstreamsTest : public RoutedGateway {
 protected:
  ToldUpstreamsTest() {
    log.set_level(telemetry::LogLevel::kInfo);
    ::testing::internal::CaptureStderr();
  }
  ~ToldUpstreamsTest() override {
    if (captures_) ::testing::internal::GetCapturedStderr();
  }

  // What the log has said, without the times.
  std::string told() {
    captures_ = false;
    std::string text;
    std::istringstream lines(::testing::internal::GetCapturedStderr());
    for (std::string line; std::getline(lines, line);) {
      text += line.substr(line.find(' ') + 1) + "\n";
    }
    return text;
  }

 private:
  bool captures_ = true;
};

TEST_F(ToldUpstreamsTest, AreThoseThatCannotBeReachedAndThenAnswerAgain) {
  start();
  kill(0);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(chat("a/m")).status, 502);
  pass(seconds(90));
  EXPECT_EQ(ask(chat("a/m")).status, 502);
  a().refuses = false;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(chat("a/m")).status, 200);
  const std::string text = told();
  EXPECT_THAT(text, ::testing::MatchesRegex(
                        "warning  provider a: requests to http://a/v1 fail: [^\n]+\n"
                        "info     provider a: requests to http://a/v1 are answered again, "
                        "after 90 s\n"));
}

TEST_F(ToldUpstreamsTest, AreThoseThatDoNotAnswerInTime) {
  settings->server.timeouts.first_byte = milliseconds(100);
  start();
  a().always = Act::silence();
  for (int i = 0; i < 4; ++i) {
    begin(chat("a/m"));
    pass(milliseconds(200));
  }
  a().always.reset();
  EXPECT_EQ(ask(chat("a/m")).status, 200);
  const std::string text = told();
  EXPECT_THAT(text, HasSubstr("warning  provider a: requests to http://a/v1 fail: "));
  EXPECT_THAT(text, HasSubstr("are answered again, after 1 s\n"));
  EXPECT_EQ(std::ranges::count(text, '\n'), 2);
}

TEST_F(ToldUpstreamsTest, AreThoseOfARouteThatAnswerWithErrors) {
  route();
  start();
  a().always = Act::error(500);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(ask(chat()).status, 200);
  a().always.reset();
  for (int i = 0; i < 8; ++i) {
    pass(seconds(20));
    EXPECT_EQ(ask(chat()).status, 200);
  }
  const std::string text = told();
  EXPECT_THAT(text, HasSubstr("warning  provider a: requests to http://a/v1 fail: the answer is "
                              "500\n"));
  EXPECT_THAT(text, HasSubstr("info     provider a: requests to http://a/v1 are answered again"));
  EXPECT_EQ(std::ranges::count(text, '\n'), 2) << text;
}

// Such as the name of a host that is in a file.
TEST_F(ToldUpstreamsTest, AreNotShownToClientsWithWhatIsConfidential) {
  confidential.texts = HiddenTexts({"connection refused"});
  start();
  kill(0);
  const Reply reply = ask(chat("a/m"));
  EXPECT_EQ(reply.status, 502);
  EXPECT_THAT(reply.body, HasSubstr("********"));
  EXPECT_THAT(reply.body, ::testing::Not(HasSubstr("connection refused")));
  (void)registry->list_failed(0, Error::upstream(ErrorKind::kUpstreamUnreachable,
                                                 RetryClass::kNever, "connection refused"));
  const Reply providers = ask("GET /v1/providers HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(providers.body, HasSubstr(R"("message":"********")"));
}

// What a client, or the request, is at fault for.
TEST_F(ToldUpstreamsTest, AreNotThoseThatAreWell) {
  route();
  start();
  a().always = Act::error(400);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(chat()).status, 400);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(chat("a/m")).status, 400);
  a().always = Act::silence();
  for (int i = 0; i < 5; ++i) {
    begin(chat("a/m", "x-penstock-timeout-first-byte: 10ms\r\n"));
    pass(milliseconds(20));
  }
  for (int i = 0; i < 5; ++i) begin(chat("a/m")).leave();
  sim.settle();
  EXPECT_EQ(told(), "");
}

}  // namespace
}  // namespace penstock::gateway
