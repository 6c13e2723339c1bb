// Startup and shutdown, and what remains after a great many streams that break.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "net/descriptor_limit.h"
#include "support/gateway_test.h"
#include "support/killable_upstream.h"
#include "support/process_state.h"

namespace penstock::testing {
namespace {

class Lifecycle : public GatewayTest {
 protected:
  bool port_is_closed() {
    try {
      connect();
    } catch (const std::system_error&) {
      return true;
    }
    return false;
  }
};

TEST_F(Lifecycle, AServerThatHasStartedIsReady) {
  EXPECT_EQ(connect().ask(get("/healthz")).status(), 200);
  EXPECT_EQ(connect().ask(get("/readyz")).status(), 200);
}

TEST_F(Lifecycle, AnUpstreamThatIsDownDoesNotKeepTheServerFromServing) {
  const RefusingPort nobody;
  settings = passthrough_settings("http://127.0.0.1:" + std::to_string(nobody.port()));
  EXPECT_EQ(connect().ask(get("/healthz")).status(), 200);
  expect_error(connect().ask(chat(Answer::kWhole)), 502, "upstream_unreachable");
}

TEST_F(Lifecycle, AnUpstreamThatDoesNotAnswerDoesNotKeepTheServerFromServing) {
  upstream.answer_models(Script().stall());
  EXPECT_EQ(connect().ask(get("/healthz")).status(), 200);
  EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
}

TEST_F(Lifecycle, IsReadyWhenEachUpstreamHasAnsweredAndNotBefore) {
  const auto latch = std::make_shared<Latch>();
  upstream.answer_models(Script().pause(latch).send(json_answer(200, R"({"data":[]})")));
  const WholeAnswer starting = connect().ask(get("/readyz"));
  EXPECT_EQ(starting.status(), 503);
  EXPECT_NE(starting.body.find("starting"), std::string::npos) << starting.body;
  EXPECT_EQ(connect().ask(get("/healthz")).status(), 200);
  latch->release();
  EXPECT_TRUE(eventually([&] { return connect().ask(get("/readyz")).status() == 200; }));
}

TEST_F(Lifecycle, APortThatIsTakenIsAnError) {
  auto taken = std::make_shared<config::Settings>(settings);
  taken->server.port = service().port();
  taken->server.access_log = "off";
  telemetry::Log log(telemetry::LogLevel::kOff);
  EXPECT_FALSE(app::Service::start(taken, log).has_value());
}

TEST_F(Lifecycle, ADrainFinishesTheOpenStreamAndTakesNoNewWork) {
  RawClient stream = open_stream();
  service().drain();
  // The drain has begun when readiness says so.
  ASSERT_TRUE(eventually([&] { return connect().ask(get("/readyz")).status() == 503; }));
  EXPECT_EQ(connect().ask(get("/healthz")).status(), 200);
  const WholeAnswer refused = connect().ask(chat(Answer::kWhole));
  expect_error(refused, 503, "shutting_down");
  EXPECT_TRUE(refused.head.find("retry-after").has_value());
  EXPECT_EQ(refused.head.find("connection"), "close");
  EXPECT_FALSE(service().wait(milliseconds(0)));

  rest_of_answers->release();
  const RawClient::Rest rest = stream.read_rest();
  EXPECT_TRUE(rest.complete);
  EXPECT_EQ(rest.body, event(chat_finish("passthrough/m1")) + std::string(kDone));
  EXPECT_EQ(stream.read_to_end(), Io::kEnd);
  EXPECT_TRUE(service().wait());
  EXPECT_TRUE(port_is_closed());
  EXPECT_EQ(upstream.requests().size(), 1U);
}

// analysis A3
TEST_F(Lifecycle, ADrainWhoseLimitIsNothingHasNone) {
  timeouts().drain = milliseconds(0);
  RawClient stream = open_stream();
  service().drain();
  ASSERT_TRUE(eventually([&] { return connect().ask(get("/readyz")).status() == 503; }));
  EXPECT_FALSE(service().wait(milliseconds(0)));
  rest_of_answers->release();
  EXPECT_TRUE(stream.read_rest().complete);
  EXPECT_TRUE(service().wait());
}

TEST_F(Lifecycle, ADrainFinishesAWholeAnswerAndThenTheConnection) {
  upstream.answer_next(Script().pause(rest_of_answers).send(json_answer(200, chat_answer_body())));
  RawClient client = connect();
  ASSERT_TRUE(client.send(chat(Answer::kWhole)));
  upstream.wait_for_request(0);
  service().drain();
  ASSERT_TRUE(eventually([&] { return connect().ask(get("/readyz")).status() == 503; }));
  rest_of_answers->release();
  const WholeAnswer answer = client.read_answer();
  EXPECT_EQ(answer.status(), 200);
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.head.find("connection"), "close");
  EXPECT_EQ(client.read_to_end(), Io::kEnd);
  EXPECT_TRUE(service().wait());
}

TEST_F(Lifecycle, ADrainOfAnIdleServerEndsAtOnce) {
  RawClient idle = connect();
  EXPECT_EQ(idle.ask(chat(Answer::kWhole)).status(), 200);
  service().drain();
  EXPECT_TRUE(service().wait());
  EXPECT_EQ(idle.read_to_end(), Io::kEnd);
  EXPECT_TRUE(upstream.wait_until_idle());
}

TEST_F(Lifecycle, WhatIsOpenAtTheDrainLimitIsCut) {
  timeouts().drain = milliseconds(200);
  RawClient stream = open_stream();
  service().drain();
  expect_cut_stream(stream.read_rest(), "shutting_down");
  EXPECT_TRUE(service().wait());
  EXPECT_TRUE(upstream.wait_for_peer_close(0));
}

TEST_F(Lifecycle, AStopEndsStreamsWithAnErrorEvent) {
  std::vector<RawClient> streams;
  for (int i = 0; i < 5; ++i) streams.push_back(open_stream());
  service().stop();
  for (RawClient& stream : streams) expect_cut_stream(stream.read_rest(), "shutting_down");
  EXPECT_TRUE(service().wait());
  EXPECT_TRUE(upstream.wait_until_idle());
  EXPECT_TRUE(port_is_closed());
}

TEST_F(Lifecycle, AStopAnswersWhatWaitsForTheUpstream) {
  upstream.answer_next(Script().stall());
  RawClient client = connect();
  ASSERT_TRUE(client.send(chat(Answer::kWhole)));
  upstream.wait_for_request(0);
  service().stop();
  expect_error(client.read_answer(), 503, "shutting_down");
  EXPECT_TRUE(service().wait());
}

TEST_F(Lifecycle, AStopDoesNotWaitForClientsThatAreSlow) {
  RawClient silent = connect();
  RawClient in_head = connect();
  RawClient in_body = connect();
  ASSERT_TRUE(in_head.send("GET /healthz HT"));
  ASSERT_TRUE(in_body.send(chat(Answer::kWhole).substr(0, 150)));
  ASSERT_TRUE(eventually([&] { return service().metric("penstock_open_connections") == 4; }));
  service().stop();
  EXPECT_TRUE(service().wait());
}

TEST_F(Lifecycle, AStopEndsADrain) {
  RawClient stream = open_stream();
  service().drain();
  service().stop();
  expect_cut_stream(stream.read_rest(), "shutting_down");
  EXPECT_TRUE(service().wait());
}

TEST_F(Lifecycle, WhatHasEndedIsInTheLogBeforeTheServerHas) {
  EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
  EXPECT_EQ(connect().ask(get("/v1/nothing")).status(), 404);
  service().stop();
  ASSERT_TRUE(service().wait());
  const std::vector<std::string> lines = service().access_log(2);
  EXPECT_NE(lines[0].find("\"completed\""), std::string::npos) << lines[0];
  EXPECT_NE(lines[1].find("\"refused\""), std::string::npos) << lines[1];
}

TEST_F(Lifecycle, AServerOfSeveralThreadsServesManyClientsAtOnce) {
  settings.server.threads = 2;
  constexpr int kClients = 8;
  constexpr int kRequests = 25;
  upstream.answer_with([](const SeenRequest& request) {
    return Script().send(
        json_answer(200, R"({"id":")" + request.head.find("x-request-id").value_or("") + "\"}"));
  });
  service();
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([this, i] {
      RawClient client = connect();
      for (int j = 0; j < kRequests; ++j) {
        const std::string id = std::to_string(i) + "-" + std::to_string(j);
        const WholeAnswer answer = client.ask(post(kChatPath, chat_body(), {{"x-request-id", id}}));
        ASSERT_EQ(answer.body, R"({"id":")" + id + "\"}");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(upstream.requests().size(), std::size_t{kClients * kRequests});
  service().drain();
  EXPECT_TRUE(service().wait());
}

class ManyStreams : public ::testing::Test {
 protected:
  static constexpr std::size_t kStreams = 1000;
  static constexpr milliseconds kSoon{kSanitized ? 15'000 : 1'000};

  // Clients, server and upstream of all streams are in this process.
  static void SetUpTestSuite() { net::raise_descriptor_limit(); }

  static std::vector<RawClient> open_streams(TestService& service, std::size_t count) {
    std::vector<RawClient> clients;
    clients.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      clients.emplace_back(service.port());
      EXPECT_TRUE(clients.back().send(chat(Answer::kStream)));
    }
    for (RawClient& client : clients) {
      EXPECT_EQ(client.read_head().status, 200);
      for (int i = 0; i < KillableUpstream::kEvents; ++i) {
        EXPECT_TRUE(client.read_event().has_value());
      }
    }
    return clients;
  }

  struct Memory {
    std::size_t resident = 0;
    std::size_t allocated = 0;
  };

  // Opens the streams, kills the upstream, and checks what each client gets. Reports the remaining
  // memory once it is at most `resident_most`, while the server is still there.
  static void break_streams(std::size_t count, Memory& left,
                            std::size_t resident_most = static_cast<std::size_t>(-1)) {
    KillableUpstream upstream;
    config::Settings settings = passthrough_settings(upstream.url());
    settings.server.threads = 2;
    TestService service(settings);
    open_streams(service, 1);
    ASSERT_TRUE(eventually([&] { return service.metric("penstock_open_streams") == 0; }));
    const std::size_t descriptors = open_descriptors();

    std::vector<RawClient> clients = open_streams(service, count);
    EXPECT_EQ(service.metric("penstock_open_streams"), static_cast<double>(count));
    upstream.kill();
    const TimePoint killed = Clock::now();
    for (RawClient& client : clients) expect_cut_stream(client.read_rest(), "upstream_reset");
    EXPECT_LE(std::chrono::ceil<milliseconds>(Clock::now() - killed), kSoon);

    clients.clear();
    EXPECT_TRUE(eventually([&] { return open_descriptors() <= descriptors; }))
        << open_descriptors() << " descriptors instead of " << descriptors;
    const auto counted = [&] {
      return service.metric(R"(penstock_streams_ended_total{ending="upstream_reset"})");
    };
    EXPECT_TRUE(eventually([&] { return counted() == static_cast<double>(count); }));
    EXPECT_EQ(service.metric("penstock_open_streams"), 0);
    EXPECT_TRUE(eventually([&] { return resident_bytes() <= resident_most; }))
        << resident_bytes() << " bytes instead of " << resident_most;
    left = {resident_bytes(), allocated_bytes()};
  }
};

TEST_F(ManyStreams, EachGetsTheErrorWithinASecondWhenTheUpstreamIsKilledAndNothingIsLeft) {
  const std::size_t descriptors = open_descriptors();
  Memory left;
  break_streams(kStreams, left);
  EXPECT_EQ(open_descriptors(), descriptors);
}

TEST_F(ManyStreams, TakeNoMemoryWithThemWhenTheyAreGone) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer keeps freed memory";
  Memory after_few;
  Memory after_many;
  Memory after_many_more;
  constexpr std::size_t kMib = 1024 * 1024;
  break_streams(10, after_few);
  break_streams(kStreams, after_many, after_few.resident + 16 * kMib);
  break_streams(kStreams, after_many_more);
  // What the threads keep for the next streams has a bound.
  EXPECT_LE(after_many.allocated, after_few.allocated + 8 * kMib);
  EXPECT_LE(after_many_more.allocated, after_many.allocated + kMib);
}

}  // namespace
}  // namespace penstock::testing
