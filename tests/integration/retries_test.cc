// The retry law (docs/decisions/0009): which requests are sent once more, and which never are.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

class Retries : public GatewayTest {
 protected:
  std::string answer_ = json_answer(200, chat_answer_body());

  // One client after another, so that the next request finds a reused connection.
  void use_one_connection() { EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200); }
  // Idle connections, all of which have served a request.
  void use_connections(std::size_t count) {
    const auto latch = std::make_shared<Latch>();
    upstream.answer_always(Script().pause(latch).send(answer_));
    std::vector<RawClient> clients;
    for (std::size_t i = 0; i < count; ++i) {
      clients.push_back(connect());
      ASSERT_TRUE(clients.back().send(chat(Answer::kWhole)));
      upstream.wait_for_request(i);
    }
    latch->release();
    for (RawClient& client : clients) EXPECT_EQ(client.read_answer().status(), 200);
    upstream.answer_always(Script().send(answer_));
    ASSERT_EQ(upstream.used_connections(), count);
  }
  double retries() {
    return service().metric("penstock_upstream_retries_total{provider=\"passthrough\"}");
  }
};

// reported-failures 4.3, faults-measured 8
TEST_F(Retries, AReusedConnectionThatBringsNoByteIsTriedOnceMoreOnANewOne) {
  use_one_connection();
  upstream.answer_next(Script().close());
  EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
  const std::vector<SeenRequest> seen = upstream.requests();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[1].connection, seen[0].connection);
  EXPECT_NE(seen[2].connection, seen[1].connection);
  EXPECT_EQ(seen[2].body, seen[1].body);
  EXPECT_EQ(retries(), 1);
}

TEST_F(Retries, AResetOfAReusedConnectionIsTheSame) {
  use_one_connection();
  upstream.answer_next(Script().reset());
  EXPECT_EQ(connect().ask(chat(Answer::kStream)).status(), 200);
  EXPECT_EQ(upstream.requests().size(), 3U);
  EXPECT_EQ(retries(), 1);
}

TEST_F(Retries, EveryInferenceRouteIsTriedAgain) {
  const std::pair<const char*, const char*> routes[] = {
      {"/v1/chat/completions", R"({"model":"passthrough/m1","messages":[]})"},
      {"/v1/completions", R"({"model":"passthrough/m1","prompt":"p"})"},
      {"/v1/embeddings", R"({"model":"passthrough/m1","input":"i"})"},
  };
  for (const auto& [path, body] : routes) {
    EXPECT_EQ(connect().ask(post(path, body)).status(), 200);
    upstream.answer_next(Script().close());
    EXPECT_EQ(connect().ask(post(path, body)).status(), 200) << path;
  }
  EXPECT_EQ(retries(), 3);
}

// Another connection of the pool may be as stale as the first.
TEST_F(Retries, TheSecondAttemptTakesNoPooledConnection) {
  use_connections(3);
  upstream.answer_next(Script().close());
  EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
  const std::vector<SeenRequest> seen = upstream.requests();
  ASSERT_EQ(seen.size(), 5U);
  EXPECT_EQ(upstream.used_connections(), 4U);
}

TEST_F(Retries, ThereIsNoThirdAttempt) {
  use_connections(2);
  upstream.answer_next(Script().close());
  upstream.answer_next(Script().close());
  expect_error(connect().ask(chat(Answer::kWhole)), 502, "upstream_reset");
  EXPECT_EQ(upstream.requests().size(), 4U);
  EXPECT_EQ(retries(), 1);
}

TEST_F(Retries, ANewConnectionGetsNoSecondTry) {
  // Listing the models leaves no connection behind.
  upstream.answer_models(
      Script().send(json_answer(200, R"({"data":[]})", {{"Connection", "close"}})).close());
  upstream.answer_next(Script().close());
  expect_error(connect().ask(chat(Answer::kWhole)), 502, "upstream_reset");
  EXPECT_EQ(upstream.requests().size(), 1U);
  EXPECT_EQ(retries(), 0);
}

TEST_F(Retries, ASettingForbidsThem) {
  settings.providers.front().retry_stale_connection = false;
  use_one_connection();
  upstream.answer_next(Script().close());
  expect_error(connect().ask(chat(Answer::kWhole)), 502, "upstream_reset");
  EXPECT_EQ(upstream.requests().size(), 2U);
  EXPECT_EQ(retries(), 0);
}

TEST_F(Retries, AnyByteOfAnAnswerForbidsThem) {
  for (const char* begun : {"H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
                            "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"}) {
    use_one_connection();
    const std::size_t before = upstream.requests().size();
    upstream.answer_next(Script().send(begun).close());
    EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 502) << begun;
    EXPECT_EQ(upstream.requests().size(), before + 1) << begun;
    upstream.wait_until_over(before);
  }
  EXPECT_EQ(retries(), 0);
}

TEST_F(Retries, AnAnswerOfWhateverStatusIsNoReasonForThem) {
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
    const std::size_t before = upstream.requests().size();
    upstream.answer_next(Script().send(json_answer(status, R"({"error":{"message":"no"}})")));
    EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), status);
    EXPECT_EQ(upstream.requests().size(), before + 1);
  }
}

TEST_F(Retries, AClientThatHasGoneIsNoReasonForThem) {
  use_one_connection();
  const auto latch = std::make_shared<Latch>();
  upstream.answer_next(Script().pause(latch).close());
  {
    RawClient client = connect();
    ASSERT_TRUE(client.send(chat(Answer::kWhole)));
    upstream.wait_for_request(1);
  }
  EXPECT_TRUE(upstream.wait_for_peer_close(1));
  latch->release();
  EXPECT_NE(service().access_log(2).back().find("client_gone"), std::string::npos);
  EXPECT_EQ(upstream.requests().size(), 2U);
  EXPECT_EQ(retries(), 0);
}

// A large body that was partly sent when the connection breaks.
TEST_F(Retries, ALargeRequestOfWhichAPartHasLeftIsSentAgainWhole) {
  use_one_connection();
  const std::string text(8 * 1024 * 1024, 'x');
  const std::string body = R"({"model":"passthrough/m1","prompt":")" + text + "\"}";
  upstream.answer_next(Script().after_head().reset());
  EXPECT_EQ(connect().ask(post(kChatPath, body)).status(), 200);
  const SeenRequest again = upstream.wait_for_request(2);
  EXPECT_EQ(again.body, R"({"model":"m1","prompt":")" + text + "\"}");
}

// The upload continues after an interim answer.
TEST_F(Retries, AnInterimAnswerDuringALargeUploadDoesNotEndIt) {
  const std::string text(8 * 1024 * 1024, 'x');
  upstream.answer_next(
      Script().after_head().send("HTTP/1.1 100 Continue\r\n\r\n").read_body().send(answer_));
  const WholeAnswer answer =
      connect().ask(post(kChatPath, R"({"model":"passthrough/m1","prompt":")" + text + "\"}"));
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(upstream.wait_for_request(0).body, R"({"model":"m1","prompt":")" + text + "\"}");
}

}  // namespace
}  // namespace penstock::testing
