// What the relay promises besides the bytes: bounds, what is held while a stream waits, and what is
// counted.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "integration/json_answer.h"
#include "support/gateway_test.h"
#include "support/process_state.h"

namespace penstock::testing {
namespace {

constexpr std::size_t kMiB = 1024 * 1024;

class Relay : public GatewayTest {
 protected:
  double limit_hits(std::string_view limit) {
    return service().metric("penstock_limit_hits_total{limit=\"" + std::string(limit) + "\"}");
  }
  Json log_line(std::size_t count) { return Json::parse(service().access_log(count).back()); }
};

// --- Errors of the upstream ---

TEST_F(Relay, AnErrorThatBreaksOffIsWrappedEvenWhereItIsJsonSoFar) {
  const std::string json = R"({"error":{"message":"busy"}})";
  const std::string head =
      "HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n";
  upstream.answer_next(Script().send(head + json).close());
  const WholeAnswer answer = connect().ask(chat(Answer::kWhole));
  EXPECT_EQ(answer.status(), 429);
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.head.find("content-type"), "application/json");
  EXPECT_EQ(message_of(answer), json);
}

TEST_F(Relay, AnErrorOfAMebibytePassesAndALargerOneIsCutAndWrapped) {
  const auto error_of = [](std::size_t bytes) {
    const std::string_view begin = R"({"error":{"message":")";
    const std::string_view end = R"("}})";
    const std::size_t filled = bytes - begin.size() - end.size();
    return std::string(begin) + std::string(filled, 'x') + std::string(end);
  };
  RawClient client = connect();
  const std::string largest = error_of(kMiB);
  upstream.answer_next(Script().send(json_answer(400, largest)));
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).body, largest);

  upstream.answer_next(Script().send(json_answer(400, error_of(4 * kMiB))));
  const WholeAnswer cut = client.ask(chat(Answer::kWhole));
  EXPECT_EQ(cut.status(), 400);
  EXPECT_TRUE(cut.complete);
  EXPECT_LT(cut.body.size(), 2 * kMiB);
  EXPECT_TRUE(message_of(cut).starts_with(R"({"error":{"message":"xxx)"));
  // The rest of it belongs to no answer.
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).body, chat_answer_body("passthrough/m1"));
}

TEST_F(Relay, AnErrorWithoutEndIsAnsweredAtItsBound) {
  upstream.answer_next(
      Script()
          .send("HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/plain\r\n"
                "Connection: close\r\n\r\n")
          .send_forever(std::string(64 * 1024, 'x')));
  const WholeAnswer answer = connect().ask(chat(Answer::kWhole));
  EXPECT_EQ(answer.status(), 500);
  EXPECT_TRUE(answer.complete);
  EXPECT_TRUE(upstream.wait_for_peer_close(0));
}

// --- Bodies that pass as they are ---

TEST_F(Relay, AVerbatimBodyKeepsItsLengthAndComesAsItArrives) {
  const std::string body = R"({"model":"m1"} not json)";
  const auto seen = std::make_shared<Latch>();
  upstream.answer_next(Script()
                           .send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
                                 std::to_string(body.size()) + "\r\n\r\n" + body.substr(0, 9))
                           .pause(seen)
                           .send(body.substr(9)));
  RawClient client = connect();
  ASSERT_TRUE(client.send(chat(Answer::kWhole)));
  const HeadText head = client.read_head();
  EXPECT_EQ(head.find("content-length"), std::to_string(body.size()));
  EXPECT_FALSE(head.find("transfer-encoding"));
  EXPECT_EQ(client.read_body(9), body.substr(0, 9));
  seen->release();
  const RawClient::Rest rest = client.read_rest();
  EXPECT_TRUE(rest.complete);
  EXPECT_EQ(rest.body, body.substr(9));
}

TEST_F(Relay, AChunkedVerbatimBodyComesInChunksAsItArrives) {
  const std::string body = R"({"model":"m1"} not json)";
  const auto seen = std::make_shared<Latch>();
  upstream.answer_next(
      Script()
          .send(
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" +
              chunk(body.substr(0, 9)))
          .pause(seen)
          .send(chunk(body.substr(9)))
          .send(kLastChunk));
  RawClient client = connect();
  ASSERT_TRUE(client.send(chat(Answer::kWhole)));
  const HeadText head = client.read_head();
  EXPECT_EQ(head.find("transfer-encoding"), "chunked");
  EXPECT_FALSE(head.find("content-length"));
  EXPECT_EQ(client.read_body(9), body.substr(0, 9));
  seen->release();
  const RawClient::Rest rest = client.read_rest();
  EXPECT_TRUE(rest.complete);
  EXPECT_EQ(rest.body, body.substr(9));
}

TEST_F(Relay, AChunkedVerbatimBodyThatBreaksOffIsCut) {
  upstream.answer_next(
      Script()
          .send(
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n" +
              chunk("part"))
          .close());
  const WholeAnswer answer = connect().ask(chat(Answer::kWhole));
  EXPECT_FALSE(answer.complete);
  EXPECT_EQ(answer.body, "part");
}

// --- What is held while a stream waits ---

TEST_F(Relay, AStreamHoldsNothingOfItsRequest) {
  limits().all_bodies_bytes = 2 * kMiB;
  const std::string large =
      R"({"model":"passthrough/m1","stream":true,"x":")" + std::string(3 * kMiB / 2, 'x') + "\"}";
  upstream.answer_next(Script().send(stream_head()).send(chunk(event(chat_delta("one")))).stall());
  RawClient stream = connect();
  ASSERT_TRUE(stream.send(post(kChatPath, large)));
  EXPECT_EQ(stream.read_head().status, 200);
  EXPECT_TRUE(stream.read_event().has_value());
  // Its share of the bound on all bodies is free again.
  EXPECT_EQ(connect().ask(post(kChatPath, large)).status(), 200);
}

TEST_F(Relay, AStreamHoldsNoBlockBetweenItsEvents) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer does not tell what is allocated";
  constexpr std::size_t kEach = 100;
  constexpr std::size_t kBlockBytes = 16 * 1024;
  std::vector<RawClient> clients;
  clients.reserve(2 * kEach + 1);
  const auto ask = [&] {
    clients.push_back(connect());
    EXPECT_TRUE(clients.back().send(chat(Answer::kStream)));
  };
  // A waiting request holds one block, which contains the request; a stream holds none.
  upstream.answer_always(Script().stall());
  ask();
  upstream.wait_for_request(0);
  const std::size_t before = allocated_bytes();
  for (std::size_t i = 0; i < kEach; ++i) ask();
  upstream.wait_for_request(kEach);
  const std::size_t between = allocated_bytes();
  upstream.answer_always(
      Script().send(stream_head()).send(chunk(event(chat_delta("one")))).stall());
  for (std::size_t i = 0; i < kEach; ++i) {
    ask();
    ASSERT_EQ(clients.back().read_head().status, 200);
    ASSERT_TRUE(clients.back().read_event().has_value());
  }
  const std::size_t of_requests = (between - before) / kEach;
  const auto of_streams = [&] { return (allocated_bytes() - between) / kEach; };
  EXPECT_TRUE(eventually([&] { return of_streams() + kBlockBytes / 2 < of_requests; }))
      << of_streams() << " bytes a stream, " << of_requests << " a request";
}

// --- What is counted ---

TEST_F(Relay, TheErrorEventCountsAmongTheBytesSent) {
  upstream.answer_next(Script().send(stream_head()).send(chunk(event(chat_delta("one")))).close());
  const WholeAnswer answer = connect().ask(chat(Answer::kStream));
  EXPECT_NE(answer.body.find("upstream_reset"), std::string::npos);
  EXPECT_EQ(log_line(1)["bytes_out"], answer.body.size());
}

TEST_F(Relay, ALimitOfTheUpstreamsTimeCountsOnceForEachAnswer) {
  constexpr milliseconds kShort{50};
  timeouts().first_byte = kShort;
  timeouts().between_events = kShort;
  upstream.answer_next(Script().stall());
  expect_error(connect().ask(chat(Answer::kWhole)), 504, "upstream_timeout");
  EXPECT_EQ(limit_hits("first_byte_timeout"), 1);
  EXPECT_EQ(limit_hits("between_events_timeout"), 0);
  upstream.answer_next(Script().send(stream_head()).send_forever(chunk(": ping\n\n")));
  EXPECT_FALSE(connect().ask(chat(Answer::kStream)).complete);
  EXPECT_EQ(limit_hits("first_byte_timeout"), 1);
  EXPECT_EQ(limit_hits("between_events_timeout"), 1);
  EXPECT_EQ(limit_hits("between_bytes_timeout"), 0);
}

TEST_F(Relay, AnAnswerOfTheGatewaysOwnThatCannotBeSentEndsAsAClientGone) {
  std::vector<std::string> ids;
  for (int i = 0; i < 8'000; ++i) ids.push_back("a-model-with-a-long-name-" + std::to_string(i));
  upstream.set_models(ids);
  ASSERT_TRUE(
      eventually([&] { return connect().ask(get("/v1/models")).body.size() > ids.size() * 100; }));
  RawClient client(service().port(), 4096);
  ASSERT_TRUE(client.send(get("/v1/models")));
  ASSERT_EQ(client.read_head().status, 200);
  const auto lines = [&] { return service().metric("penstock_open_requests"); };
  EXPECT_EQ(lines(), 2);  // and the one that asks
  client.reset();
  ASSERT_TRUE(eventually([&] { return lines() == 1; }));
  EXPECT_TRUE(eventually([&] {
    const std::vector<std::string> log = service().access_log(2);
    return std::ranges::any_of(
        log, [](const std::string& line) { return Json::parse(line)["ending"] == "client_gone"; });
  }));
}

}  // namespace
}  // namespace penstock::testing
