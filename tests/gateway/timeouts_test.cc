// The timeouts of an exchange, to the millisecond: the test controls the time.

#include <gmock/gmock.h>

#include <string>

#include "gateway/simulated_gateway.h"

namespace penstock::gateway {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr milliseconds kStep{1};

std::string event() {
  return chunk("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n");
}

class TimeoutsTest : public SimulatedGateway {
 protected:
  config::Timeouts& timeouts() { return settings->server.timeouts; }

  // A stream that has begun, with one event.
  void begin_stream() {
    start();
    EXPECT_EQ(ask_for("true"), "");
    EXPECT_THAT(upstream_says(std::string(kStreamHead) + event()), HasSubstr("200 OK"));
  }
  // Nothing comes before the limit, and the error as soon as it has passed.
  void expect_error_at(milliseconds limit, std::string_view what) {
    EXPECT_EQ(after(limit - kStep), "");
    EXPECT_THAT(after(kStep), HasSubstr(std::string(what)));
  }
};

TEST_F(TimeoutsTest, TheFirstByteOfAnAnswerHasItsTime) {
  timeouts().first_byte = milliseconds(600);
  start();
  EXPECT_EQ(ask_for("true"), "");
  expect_error_at(milliseconds(600), "504 ");
  EXPECT_EQ(hits("first_byte_timeout"), 1);
  // The connection continues, with another one to the upstream.
  EXPECT_EQ(ask_for("false"), "");
  EXPECT_THAT(upstream_says("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                            "Content-Length: 2\r\n\r\n{}"),
              HasSubstr("200 OK"));
}

TEST_F(TimeoutsTest, ThePauseBetweenTheBytesOfAStreamHasItsTime) {
  timeouts().between_bytes = milliseconds(400);
  begin_stream();
  expect_error_at(milliseconds(400), "upstream_timeout");
  EXPECT_EQ(hits("between_bytes_timeout"), 1);
}

// faults-measured 13
TEST_F(TimeoutsTest, TheHeadOfAStreamIsHeldForItsFirstEvent) {
  timeouts().first_event = milliseconds(50);
  start();
  EXPECT_EQ(ask_for("true"), "");
  EXPECT_EQ(upstream_says(kStreamHead), "");
  EXPECT_EQ(after(milliseconds(49)), "");
  EXPECT_THAT(after(kStep), HasSubstr("200 OK"));
  EXPECT_THAT(upstream_says(event()), HasSubstr("delta"));
}

TEST_F(TimeoutsTest, TheHeadOfAStreamIsSentAtOnceWhereItIsNotHeld) {
  timeouts().first_event = milliseconds(0);
  start();
  EXPECT_EQ(ask_for("true"), "");
  EXPECT_THAT(upstream_says(kStreamHead), HasSubstr("200 OK"));
}

TEST_F(TimeoutsTest, SilenceWhileTheHeadIsHeldIsA504) {
  timeouts().first_event = milliseconds(500);
  timeouts().between_bytes = milliseconds(400);
  start();
  EXPECT_EQ(ask_for("true"), "");
  EXPECT_EQ(upstream_says(kStreamHead), "");
  expect_error_at(milliseconds(400), "504 ");
  EXPECT_EQ(hits("between_bytes_timeout"), 1);
}

TEST_F(TimeoutsTest, ThePauseBetweenTheBytesOfAWholeAnswerHasItsTime) {
  timeouts().between_bytes = milliseconds(400);
  start();
  EXPECT_EQ(ask_for("false"), "");
  EXPECT_EQ(upstream_says("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                          "Content-Length: 20\r\n\r\n{\"model\""),
            "");
  expect_error_at(milliseconds(400), "504 ");
}

// An error may follow, and the end of the answer; but some upstreams leave it open.
TEST_F(TimeoutsTest, AStreamThatHasStatedItsEndIsReadForASecond) {
  timeouts().between_bytes = milliseconds(60'000);
  begin_stream();
  EXPECT_THAT(upstream_says(chunk("data: [DONE]\n\n")), HasSubstr("[DONE]"));
  EXPECT_EQ(after(milliseconds(400)), "");
  EXPECT_THAT(upstream_says(chunk(": bye\n\n")), HasSubstr(": bye"));
  EXPECT_EQ(after(milliseconds(599)), "");
  EXPECT_EQ(after(kStep), "0\r\n\r\n");
  // The client's connection continues, with another one to the upstream.
  EXPECT_EQ(ask_for("false"), "");
  EXPECT_EQ(upstreams.size(), 2U);
}

TEST_F(TimeoutsTest, AStreamIsCutASecondAfterItsError) {
  timeouts().between_bytes = milliseconds(60'000);
  begin_stream();
  EXPECT_THAT(upstream_says(chunk("data: {\"error\":{\"message\":\"x\"}}\n\n")),
              HasSubstr("error"));
  EXPECT_EQ(after(milliseconds(999)), "");
  EXPECT_FALSE(client->ended());
  EXPECT_EQ(after(kStep), "");
  EXPECT_TRUE(client->ended());
}

TEST_F(TimeoutsTest, AStreamMayLastLongerThanThePauseBetweenItsBytes) {
  timeouts().between_bytes = milliseconds(400);
  begin_stream();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(after(milliseconds(399)), "");
    EXPECT_THAT(upstream_says(event()), HasSubstr("delta"));
  }
  expect_error_at(milliseconds(400), "upstream_timeout");
}

// faults-measured 13
TEST_F(TimeoutsTest, HeartbeatsAloneDoNotKeepAStreamAlive) {
  timeouts().between_bytes = milliseconds(400);
  timeouts().between_events = milliseconds(1'000);
  begin_stream();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(after(milliseconds(300)), "");
    EXPECT_EQ(upstream_says(chunk(": ping\n\n")), chunk(": ping\n\n"));
  }
  // The heartbeat after the limit triggers it; silence has its own limit.
  EXPECT_EQ(after(milliseconds(101)), "");
  EXPECT_THAT(upstream_says(chunk(": ping\n\n")), HasSubstr("upstream_timeout"));
  EXPECT_EQ(hits("between_events_timeout"), 1);
}

TEST_F(TimeoutsTest, TheWholeRequestHasItsTimeAlsoInsideAStreamThatGoesOn) {
  timeouts().request = milliseconds(1'000);
  begin_stream();
  for (int i = 0; i < 9; ++i) {
    EXPECT_EQ(after(milliseconds(100)), "");
    EXPECT_THAT(upstream_says(event()), HasSubstr("delta"));
  }
  expect_error_at(milliseconds(100), "upstream_timeout");
  EXPECT_EQ(hits("request_timeout"), 1);
}

TEST_F(TimeoutsTest, AProvidersOwnTimeoutsTakeTheServersPlace) {
  settings->providers.front().timeouts = {.first_byte = milliseconds(250),
                                          .between_bytes = milliseconds(250)};
  begin_stream();
  expect_error_at(milliseconds(250), "upstream_timeout");
}

TEST_F(TimeoutsTest, AProvidersOwnTimeoutsHoldForTheFirstByteToo) {
  settings->providers.front().timeouts = {.first_byte = milliseconds(250),
                                          .between_bytes = milliseconds(250)};
  start();
  EXPECT_EQ(ask_for("true"), "");
  expect_error_at(milliseconds(250), "504 ");
}

TEST_F(TimeoutsTest, OfNothingAreNoLimits) {
  timeouts().first_byte = milliseconds(0);
  timeouts().between_bytes = milliseconds(0);
  timeouts().between_events = milliseconds(0);
  timeouts().request = milliseconds(0);
  start();
  EXPECT_EQ(ask_for("true"), "");
  EXPECT_EQ(after(std::chrono::hours(24)), "");
  EXPECT_THAT(upstream_says(std::string(kStreamHead) + event()), HasSubstr("200 OK"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(after(std::chrono::hours(24)), "");
    EXPECT_THAT(upstream_says(chunk(": ping\n\n")), HasSubstr("ping"));
  }
  EXPECT_THAT(upstream_says(event()), HasSubstr("delta"));
}

// analysis A5
TEST_F(TimeoutsTest, AConnectionWithoutRequestsIsClosedWhenItsIdleTimeIsOver) {
  limits.idle_timeout = milliseconds(150);
  limits.linger_timeout = milliseconds(0);
  start();
  EXPECT_THAT(say("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"), HasSubstr("200 OK"));
  EXPECT_EQ(after(milliseconds(149)), "");
  EXPECT_EQ(tasks.running(), 1u);
  EXPECT_EQ(after(kStep), "");
  EXPECT_EQ(tasks.running(), 0u);
  EXPECT_EQ(hits("idle_timeout"), 1);
}

// A request restarts the time.
TEST_F(TimeoutsTest, AConnectionMayLastLongerThanItsIdleTime) {
  limits.idle_timeout = milliseconds(150);
  start();
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(say("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"), HasSubstr("200 OK"));
    EXPECT_EQ(after(milliseconds(149)), "");
  }
  EXPECT_EQ(tasks.running(), 1u);
}

TEST_F(TimeoutsTest, AHeadThatComesByteByByteHasNoMoreTime) {
  limits.header_timeout = milliseconds(300);
  start();
  EXPECT_EQ(say("GET /healthz HTTP/1.1\r\nHost: h\r\nX-Slow: "), "");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(after(milliseconds(50)), "");
    EXPECT_EQ(say("x"), "");
  }
  expect_error_at(milliseconds(50), "408 ");
  EXPECT_EQ(hits("client_header_timeout"), 1);
}

TEST_F(TimeoutsTest, AClientThatStopsInsideItsBodyGetsA408) {
  limits.body_timeout = milliseconds(300);
  start();
  EXPECT_EQ(say("POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{"), "");
  expect_error_at(milliseconds(300), "408 ");
  EXPECT_EQ(hits("client_body_timeout"), 1);
}

TEST_F(TimeoutsTest, AClientThatDoesNotReadIsCutWhenItsTimeIsOver) {
  limits.write_timeout = milliseconds(300);
  begin_stream();
  // More than the window of the client's connection.
  const std::string large =
      chunk("data: {\"choices\":[],\"pad\":\"" + std::string(30'000, 'x') + "\"}\n\n");
  for (int i = 0; i < 4; ++i) {
    upstreams.back()->send(large);
    sim.settle();
  }
  sim.pass(milliseconds(299));
  EXPECT_EQ(hits("client_write_timeout"), 0);
  EXPECT_FALSE(client->broken());
  sim.pass(kStep);
  EXPECT_EQ(hits("client_write_timeout"), 1);
  EXPECT_EQ(tasks.running(), 0u);
}

}  // namespace
}  // namespace penstock::gateway
