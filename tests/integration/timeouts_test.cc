// Timeouts of `server.timeouts` over real sockets, set short: what the other sides see when one has
// passed, and that it has no effect before.
//
// Real time under load is late, never early: these tests check that nothing happens before a short
// limit. What must happen is in tests/gateway/timeouts_test.cc, where the test controls the time.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

constexpr milliseconds kShort{150};
// Timers may be coarse.
constexpr milliseconds kEarliest = kShort - milliseconds(10);

class Timeouts : public GatewayTest {
 protected:
  TimePoint began_ = Clock::now();

  // Call before the action that starts the timeout.
  void begin() { began_ = Clock::now(); }
  void expect_not_early() const { EXPECT_GE(Clock::now() - began_, kEarliest); }
};

// A port whose connection queue is full: further connections are neither accepted nor refused.
class UnansweringPort {
 public:
  UnansweringPort() : listening_(0) {
    // One is accepted beyond the backlog; the kernel drops further ones.
    while (pending_.size() < 2) pending_.push_back(Endpoint::connect_later(listening_.port));
  }
  std::uint16_t port() const { return listening_.port; }

 private:
  ListeningSocket listening_;
  std::vector<Endpoint> pending_;
};

TEST_F(Timeouts, ConnectingToTheUpstreamIsLimited) {
  const UnansweringPort silent;
  settings = passthrough_settings("http://127.0.0.1:" + std::to_string(silent.port()));
  timeouts().connect = kShort;
  RawClient client = connect();
  begin();
  expect_error(client.ask(chat(Answer::kWhole)), 504, "upstream_timeout");
  expect_not_early();
  EXPECT_GE(service().metric(R"(penstock_limit_hits_total{limit="connect_timeout"})"), 1);
}

// Without it, the list's own limit of ten seconds would end it.
TEST_F(Timeouts, ConnectingForTheModelListIsLimited) {
  const UnansweringPort silent;
  settings = passthrough_settings("http://127.0.0.1:" + std::to_string(silent.port()));
  timeouts().connect = kShort;
  EXPECT_TRUE(eventually(
      [&] {
        const WholeAnswer provider = connect().ask(get("/v1/providers/passthrough"));
        return provider.body.find("connecting to the upstream took too long") != std::string::npos;
      },
      milliseconds(5'000)));
}

TEST_F(Timeouts, AClientThatGoesWhileItsUpstreamIsConnectedIsNoTimeout) {
  const UnansweringPort silent;
  settings = passthrough_settings("http://127.0.0.1:" + std::to_string(silent.port()));
  settings.server.timeouts.connect = std::chrono::minutes(10);
  {
    RawClient client = connect();
    ASSERT_TRUE(client.send(chat(Answer::kWhole)));
    ASSERT_TRUE(eventually([&] { return service().metric("penstock_open_requests") > 1; }));
  }
  // The other line is of the question for the metric, and may come before or after.
  const std::vector<std::string> lines = service().access_log(2);
  EXPECT_TRUE(std::ranges::any_of(
      lines, [](const std::string& line) { return line.contains("client_gone"); }));
}

TEST_F(Timeouts, TheUpstreamsFirstByteIsLimited) {
  timeouts().first_byte = kShort;
  upstream.answer_next(Script().stall());
  RawClient client = connect();
  begin();
  expect_error(client.ask(chat(Answer::kStream)), 504, "upstream_timeout");
  expect_not_early();
  EXPECT_TRUE(upstream.wait_for_peer_close(0));
}

TEST_F(Timeouts, TheUpstreamsReadingOfTheRequestIsLimited) {
  timeouts().first_byte = kShort;
  upstream.answer_next(Script().after_head().stall());
  const std::string text(16 * 1024 * 1024, 'x');
  RawClient client = connect();
  begin();
  expect_error(client.ask(post(kChatPath, R"({"model":"passthrough/m1","x":")" + text + "\"}")),
               504, "upstream_timeout");
  expect_not_early();
  EXPECT_TRUE(upstream.wait_for_peer_close(0));
}

TEST_F(Timeouts, TheWholeRequestIsLimitedBeforeItsAnswer) {
  timeouts().request = kShort;
  upstream.answer_next(Script().stall());
  RawClient client = connect();
  begin();
  expect_error(client.ask(chat(Answer::kWhole)), 504, "upstream_timeout");
  expect_not_early();
  EXPECT_TRUE(upstream.wait_for_peer_close(0));
}

TEST_F(Timeouts, AClientThatDoesNotEndItsHeadGetsA408) {
  timeouts().client_header = kShort;
  service();
  begin();
  RawClient client = connect();
  const WholeAnswer answer = client.ask("POST /v1/chat/completions HTTP/1.1\r\nHost: loc");
  expect_error(answer, 408, "request_timeout");
  expect_not_early();
  EXPECT_EQ(answer.head.find("connection"), "close");
  EXPECT_EQ(client.read_to_end(), Io::kEnd);
}

TEST_F(Timeouts, AConnectionThatBringsNothingIsClosedWithoutAWord) {
  timeouts().client_header = kShort;
  service();
  begin();
  RawClient client = connect();
  EXPECT_EQ(client.read_to_end(), Io::kEnd);
  expect_not_early();
  EXPECT_EQ(client.unread(), "");
  EXPECT_EQ(service().metric(R"(penstock_limit_hits_total{limit="idle_timeout"})"), 1);
}

TEST_F(Timeouts, AClientThatStopsInsideItsBodyGetsA408) {
  timeouts().client_body = kShort;
  const std::string request = chat(Answer::kWhole);
  RawClient client = connect();
  begin();
  expect_error(client.ask(request.substr(0, request.size() - 3)), 408, "request_timeout");
  expect_not_early();
  EXPECT_EQ(client.read_to_end(), Io::kEnd);
  EXPECT_TRUE(upstream.requests().empty());
}

TEST_F(Timeouts, AClientThatStopsInsideAChunkedBodyGetsA408) {
  timeouts().client_body = kShort;
  RawClient client = connect();
  begin();
  expect_error(client.ask("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
                          "Transfer-Encoding: chunked\r\n\r\n10\r\n{"),
               408, "request_timeout");
  expect_not_early();
  EXPECT_TRUE(upstream.requests().empty());
}

TEST_F(Timeouts, AClientThatDoesNotReadIsCutAndItsUpstreamCancelled) {
  timeouts().client_write = milliseconds(300);
  const std::string many = chunk(event(chat_delta(std::string(16000, 'x'))));
  upstream.answer_next(Script().send(stream_head()).send_forever(many));
  RawClient client(service().port(), 4096);
  ASSERT_TRUE(client.send(chat(Answer::kStream)));
  EXPECT_TRUE(upstream.wait_for_peer_close(0));
  const std::string line = service().access_log(1).front();
  EXPECT_NE(line.find("client_timeout"), std::string::npos) << line;
  EXPECT_EQ(service().metric(R"(penstock_limit_hits_total{limit="client_write_timeout"})"), 1);
}

// analysis A5
TEST_F(Timeouts, AConnectionWithoutRequestsIsClosedWhenItsIdleTimeIsOver) {
  timeouts().idle = kShort;
  RawClient client = connect();
  begin();
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), 200);
  EXPECT_EQ(client.read_to_end(), Io::kEnd);
  expect_not_early();
  EXPECT_EQ(client.unread(), "");
  EXPECT_EQ(service().metric(R"(penstock_limit_hits_total{limit="idle_timeout"})"), 1);
}

TEST_F(Timeouts, AnUpstreamsConnectionIsClosedWhenItsIdleTimeIsOver) {
  timeouts().upstream_idle = kShort;
  EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
  EXPECT_TRUE(upstream.wait_for_peer_close(0));
}

TEST_F(Timeouts, AProvidersOwnTimeoutTakesTheServersPlace) {
  settings.providers.front().timeouts = {.first_byte = kShort, .between_bytes = kShort};
  upstream.answer_next(Script().stall());
  RawClient client = connect();
  begin();
  expect_error(client.ask(chat(Answer::kWhole)), 504, "upstream_timeout");
  expect_not_early();
}

}  // namespace
}  // namespace penstock::testing
