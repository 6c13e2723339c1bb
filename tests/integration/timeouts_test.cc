// Every timeout of `server.timeouts`, set short: what the other sides see when it has passed, and
// that it is not felt before.

#include <gtest/gtest.h>

#include <memory>
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

  void begin() { began_ = Clock::now(); }
  void expect_not_early() const { EXPECT_GE(Clock::now() - began_, kEarliest); }
};

// A port whose queue of connections is full: further ones are neither accepted nor refused.
class UnansweringPort {
 public:
  UnansweringPort() : listening_(0) {
    // One is let in beyond the backlog; the kernel drops what comes after.
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

TEST_F(Timeouts, TheUpstreamsFirstByteIsLimited) {
  timeouts().first_byte = kShort;
  upstream.answer_next(Script().stall());
  RawClient client = connect();
  begin();
  expect_error(client.ask(chat(Answer::kStream)), 504, "upstream_timeout");
  expect_not_early();
  EXPECT_TRUE(upstream.wait_for_peer_close(0));
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), 200);
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

TEST_F(Timeouts, ThePauseBetweenTheBytesOfAStreamIsLimited) {
  timeouts().between_bytes = kShort;
  upstream.answer_next(Script().send(stream_head()).send(chunk(event(chat_delta("one")))).stall());
  RawClient client = connect();
  ASSERT_TRUE(client.send(chat(Answer::kStream)));
  EXPECT_EQ(client.read_head().status, 200);
  EXPECT_TRUE(client.read_event().has_value());
  begin();
  expect_cut_stream(client.read_rest(), "upstream_timeout");
  EXPECT_TRUE(upstream.wait_for_peer_close(0));
}

TEST_F(Timeouts, ThePauseBetweenTheBytesOfAWholeAnswerIsLimited) {
  timeouts().between_bytes = kShort;
  upstream.answer_next(Script().send(json_answer(200, chat_answer_body()).substr(0, 150)).stall());
  expect_error(connect().ask(chat(Answer::kWhole)), 504, "upstream_timeout");
  EXPECT_TRUE(upstream.wait_for_peer_close(0));
}

// faults-measured 13
TEST_F(Timeouts, HeartbeatsAloneDoNotKeepAStreamAlive) {
  timeouts().between_events = kShort;
  upstream.answer_next(Script()
                           .send(stream_head())
                           .send(chunk(event(chat_delta("one"))))
                           .send_forever(chunk(": ping\n\n")));
  RawClient client = connect();
  ASSERT_TRUE(client.send(chat(Answer::kStream)));
  EXPECT_EQ(client.read_head().status, 200);
  EXPECT_TRUE(client.read_event().has_value());
  const RawClient::Rest rest = client.read_rest();
  EXPECT_FALSE(rest.complete);
  EXPECT_NE(rest.body.find("upstream_timeout"), std::string::npos);
  EXPECT_TRUE(upstream.wait_for_peer_close(0));
}

TEST_F(Timeouts, AStreamMayLastLongerThanThePauseBetweenItsBytes) {
  timeouts().between_bytes = milliseconds(400);
  // Each event is sent when the client has seen the one before and some of the limit has passed.
  constexpr int kEvents = 8;
  std::vector<std::shared_ptr<Latch>> latches;
  Script script = Script().send(stream_head());
  for (int i = 0; i < kEvents; ++i) {
    latches.push_back(std::make_shared<Latch>());
    std::move(script).pause(latches.back()).send(chunk(event(chat_delta("x"))));
  }
  upstream.answer_next(std::move(script).send(chunk(event(chat_finish()))).send(kLastChunk));
  RawClient client = connect();
  ASSERT_TRUE(client.send(chat(Answer::kStream)));
  EXPECT_EQ(client.read_head().status, 200);
  begin();
  const Latch never;
  for (const auto& latch : latches) {
    EXPECT_FALSE(never.wait(milliseconds(60)));
    latch->release();
    EXPECT_TRUE(client.read_event().has_value());
  }
  EXPECT_TRUE(client.read_rest().complete);
  EXPECT_GE(Clock::now() - began_, timeouts().between_bytes);
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

TEST_F(Timeouts, TheWholeRequestIsLimitedInsideAStreamThatGoesOn) {
  timeouts().request = milliseconds(400);
  const std::string one = chunk(event(chat_delta("x")));
  upstream.answer_next(Script().send(stream_head()).send(one).stall());
  RawClient client = connect();
  ASSERT_TRUE(client.send(chat(Answer::kStream)));
  EXPECT_EQ(client.read_head().status, 200);
  EXPECT_TRUE(client.read_event().has_value());
  expect_cut_stream(client.read_rest(), "upstream_timeout");
  EXPECT_TRUE(upstream.wait_for_peer_close(0));
  EXPECT_EQ(service().metric(R"(penstock_limit_hits_total{limit="request_timeout"})"), 1);
}

TEST_F(Timeouts, AClientThatDoesNotEndItsHeadGetsA408) {
  timeouts().client_header = kShort;
  RawClient client = connect();
  begin();
  const WholeAnswer answer = client.ask("POST /v1/chat/completions HTTP/1.1\r\nHost: loc");
  expect_error(answer, 408, "request_timeout");
  expect_not_early();
  EXPECT_EQ(answer.head.find("connection"), "close");
  EXPECT_EQ(client.read_to_end(), Io::kEnd);
}

TEST_F(Timeouts, AHeadThatComesByteByByteHasNoMoreTime) {
  timeouts().client_header = milliseconds(300);
  RawClient client = connect();
  const std::string head = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
  ASSERT_TRUE(client.send(head));
  begin();
  const Latch never;
  // More bytes than the limit has time for, one every 50 ms.
  for (int i = 0; i < 8; ++i) {
    EXPECT_FALSE(never.wait(milliseconds(50)));
    if (!client.send("x")) break;
  }
  expect_error(client.read_answer(), 408, "request_timeout");
}

TEST_F(Timeouts, AConnectionThatBringsNothingIsClosedWithoutAWord) {
  timeouts().client_header = kShort;
  RawClient client = connect();
  begin();
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

TEST_F(Timeouts, AConnectionWithoutRequestsIsClosedWhenItsIdleTimeIsOver) {
  timeouts().idle = kShort;
  RawClient client = connect();
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), 200);
  begin();
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

TEST_F(Timeouts, AProvidersOwnTimeoutsTakeTheServersPlace) {
  settings.providers.front().read_timeout = kShort;
  upstream.answer_next(Script().stall());
  upstream.answer_next(Script().send(stream_head()).stall());
  RawClient client = connect();
  begin();
  expect_error(client.ask(chat(Answer::kWhole)), 504, "upstream_timeout");
  expect_not_early();
  ASSERT_TRUE(client.send(chat(Answer::kStream)));
  EXPECT_EQ(client.read_head().status, 200);
  expect_cut_stream(client.read_rest(), "upstream_timeout");
}

}  // namespace
}  // namespace penstock::testing
