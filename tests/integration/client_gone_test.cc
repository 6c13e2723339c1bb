// A client's departure ends the upstream's work in every phase.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

class ClientGone : public GatewayTest {
 protected:
  // Lets a client leave several times, and checks how soon the upstream learns of it. `bring` gets
  // a connected client, brings it to the phase in question and returns just before it leaves.
  template <class Bring>
  void expect_prompt_cancellation(const Script& script, Bring bring);
};

template <class Bring>
void ClientGone::expect_prompt_cancellation(const Script& script, Bring bring) {
  std::array<milliseconds, 5> delays{};
  upstream.answer_always(script);
  for (std::size_t i = 0; i < delays.size(); ++i) {
    RawClient client = connect();
    ASSERT_TRUE(client.send(chat(Answer::kStream)));
    upstream.wait_for_request(i);
    bring(client);
    const TimePoint left = Clock::now();
    if (i % 2 == 0) {
      client.close();
    } else {
      client.reset();
    }
    const auto closed = upstream.wait_for_peer_close(i);
    ASSERT_TRUE(closed.has_value()) << "the upstream's work goes on";
    delays[i] = std::chrono::ceil<milliseconds>(*closed - left);
  }
  // A busy machine may have delayed one of them.
  std::ranges::sort(delays);
  EXPECT_LE(delays[delays.size() / 2], kPromptly);
}

TEST_F(ClientGone, BeforeTheHeadOfTheAnswerCancelsTheUpstream) {
  expect_prompt_cancellation(Script().stall(), [](RawClient&) {});
}

TEST_F(ClientGone, BeforeTheFirstTokenCancelsTheUpstream) {
  expect_prompt_cancellation(Script().send(stream_head()).stall(),
                             [](RawClient& client) { EXPECT_EQ(client.read_head().status, 200); });
}

TEST_F(ClientGone, InTheMiddleOfAStreamCancelsTheUpstream) {
  const std::string first = chunk(event(chat_delta("one")));
  expect_prompt_cancellation(Script().send(stream_head()).send(first).stall(),
                             [](RawClient& client) {
                               EXPECT_EQ(client.read_head().status, 200);
                               EXPECT_TRUE(client.read_event().has_value());
                             });
}

TEST_F(ClientGone, WhileAWholeAnswerIsCollectedCancelsTheUpstream) {
  const std::string all = json_answer(200, chat_answer_body());
  expect_prompt_cancellation(Script().send(all.substr(0, all.size() - 5)).stall(),
                             [](RawClient&) {});
}

TEST_F(ClientGone, WhileTheUpstreamSendsAsFastAsItCanCancelsTheUpstream) {
  const std::string many = chunk(event(chat_delta(std::string(2000, 'x'))));
  expect_prompt_cancellation(Script().send(stream_head()).send_forever(many),
                             [](RawClient& client) {
                               EXPECT_EQ(client.read_head().status, 200);
                               EXPECT_TRUE(client.read_event().has_value());
                             });
}

TEST_F(ClientGone, InTheMiddleOfTheUploadReachesNoUpstream) {
  const std::string request = post(kChatPath, chat_body(), {{"Expect", "100-continue"}});
  const std::size_t head_bytes = request.find("\r\n\r\n") + 4;
  RawClient client = connect();
  ASSERT_TRUE(client.send(request.substr(0, head_bytes)));
  EXPECT_EQ(client.read_head().status, 100);
  ASSERT_TRUE(client.send(request.substr(head_bytes, 20)));
  client.close();
  // Its line in the log shows that the server has finished with it.
  const std::string line = service().access_log(1).front();
  EXPECT_NE(line.find("client_gone"), std::string::npos) << line;
  EXPECT_TRUE(upstream.requests().empty());
}

TEST_F(ClientGone, WhileItsModelsAreListedCancelsTheUpstream) {
  timeouts().model_list = std::chrono::minutes(10);
  service();
  const std::size_t asked = upstream.models_requests().size();
  upstream.answer_models(Script().stall());
  {
    RawClient client = connect();
    ASSERT_TRUE(client.send(
        get("/v1/models", {{"x-ogx-provider-data", R"({"passthrough_api_key":"sk-caller"})"}})));
    ASSERT_TRUE(upstream.wait_for_models_request(asked));
  }
  EXPECT_NE(service().access_log(1).back().find("client_gone"), std::string::npos);
}

TEST_F(ClientGone, LeavesAServerThatServesTheNextOne) {
  upstream.answer_next(Script().stall());
  {
    RawClient client = connect();
    ASSERT_TRUE(client.send(chat(Answer::kStream)));
    upstream.wait_for_request(0);
  }
  ASSERT_TRUE(upstream.wait_for_peer_close(0));
  EXPECT_EQ(connect().ask(chat(Answer::kWhole)).status(), 200);
  // The remaining one is the one that asks.
  EXPECT_TRUE(eventually([&] { return service().metric("penstock_open_requests") == 1; }));
}

}  // namespace
}  // namespace penstock::testing
