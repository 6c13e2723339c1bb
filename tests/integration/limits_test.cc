// Every limit of `server.limits`, at the limit and one past it.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

class Limits : public GatewayTest {
 protected:
  double hits(std::string_view limit) {
    return service().metric(fmt::format("penstock_limit_hits_total{{limit=\"{}\"}}", limit));
  }
};

// A request head of exactly that many bytes.
std::string get_of_size(std::size_t bytes) {
  const std::string shortest = get("/healthz", {{"X-Fill", ""}});
  return get("/healthz", {{"X-Fill", std::string(bytes - shortest.size(), 'f')}});
}

TEST_F(Limits, AHeadOfAllItsBytesPassesAndOneMoreIsA431) {
  limits().header_bytes = 4096;
  RawClient client = connect();
  EXPECT_EQ(client.ask(get_of_size(4096)).status(), 200);
  const WholeAnswer answer = client.ask(get_of_size(4097));
  expect_error(answer, 431, "head_too_large");
  EXPECT_EQ(answer.head.find("connection"), "close");
  EXPECT_EQ(client.read_to_end(), Io::kEnd);
  EXPECT_EQ(hits("header_bytes"), 1);
}

TEST_F(Limits, AHeadWithoutEndIsA431BeforeItsEnd) {
  limits().header_bytes = 4096;
  RawClient client = connect();
  const WholeAnswer answer =
      client.ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: " + std::string(8192, 'a'));
  EXPECT_EQ(answer.status(), 431);
}

TEST_F(Limits, AHeadThatComesInSmallPiecesHasTheSameLimit) {
  limits().header_bytes = 2048;
  RawClient client = connect();
  ASSERT_TRUE(client.send_in_pieces(get_of_size(2048), 100));
  EXPECT_EQ(client.read_answer().status(), 200);
  client.send_in_pieces(get_of_size(2049), 100);
  EXPECT_EQ(client.read_answer().status(), 431);
}

TEST_F(Limits, AHeadLargerThanTheServersBuffersPassesUpToTheLimit) {
  limits().header_bytes = 256 * 1024;
  RawClient client = connect();
  EXPECT_EQ(client.ask(get_of_size(256 * 1024)).status(), 200);
  EXPECT_EQ(client.ask(get_of_size(256 * 1024 + 1)).status(), 431);
}

TEST_F(Limits, AllFieldsPassAndOneMoreIsA431) {
  limits().header_fields = 20;
  const auto with_fields = [](std::size_t count) {
    HeaderList headers;
    while (headers.size() + 1 < count) headers.emplace_back("X-A", "b");  // the other one is Host
    return get("/healthz", headers);
  };
  RawClient client = connect();
  EXPECT_EQ(client.ask(with_fields(20)).status(), 200);
  expect_error(client.ask(with_fields(21)), 431, "too_many_fields");
  EXPECT_EQ(hits("header_fields"), 1);
  EXPECT_EQ(hits("header_bytes"), 0);
}

// reported-failures 1.5, faults-measured 3, 5 and D3
TEST_F(Limits, KeysDepthAndTheNameOfABodyAreBoundedAndCounted) {
  limits().body_keys = 3;
  limits().body_depth = 3;
  limits().model_bytes = 20;
  RawClient client = connect();
  const auto status = [&](std::string_view body) {
    return client.ask(post(kChatPath, std::string(body))).status();
  };
  EXPECT_EQ(status(R"({"model":"passthrough/m","a":[[]],"b":1})"), 200);
  EXPECT_EQ(status(R"({"model":"passthrough/m","a":[],"b":1,"c":2})"), 400);
  EXPECT_EQ(status(R"({"model":"passthrough/m","a":[[[]]]})"), 400);
  EXPECT_EQ(status(R"({"model":"passthrough/12345678"})"), 200);
  EXPECT_EQ(status(R"({"model":"passthrough/123456789"})"), 400);
  EXPECT_EQ(hits("body_keys"), 1);
  EXPECT_EQ(hits("body_depth"), 1);
  EXPECT_EQ(hits("model_bytes"), 1);
}

// A body of many slices arrives whole.
TEST_F(Limits, ALargeBodyOfManyTokensPasses) {
  std::string body = R"({"model":"passthrough/m","input":[0)";
  for (int i = 0; i < 1'500'000; ++i) body += ",1";
  body += "]}";
  EXPECT_EQ(connect().ask(post(kChatPath, body)).status(), 200);
  EXPECT_EQ(upstream.wait_for_request(0).body.size(),
            body.size() - std::string("passthrough/").size());
}

class BodyLimit : public Limits {
 protected:
  static constexpr std::size_t kBytes = 2000;

  void SetUp() override { limits().body_bytes = kBytes; }

  // A chat request's body of exactly that many bytes.
  static std::string body_of(std::size_t bytes) {
    std::string body = chat_body();
    return body + std::string(bytes - body.size(), ' ');
  }
  static std::string chunked(const std::string& body) {
    return fmt::format(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{}{}{}",
        kChatPath, chunk(body.substr(0, 700)), chunk(body.substr(700)), kLastChunk);
  }
};

TEST_F(BodyLimit, ABodyOfAllItsBytesPassesAndOneMoreIsA413) {
  EXPECT_EQ(connect().ask(post(kChatPath, body_of(kBytes))).status(), 200);
  EXPECT_EQ(upstream.wait_for_request(0).body.size(), kBytes - std::string("passthrough/").size());
  expect_error(connect().ask(post(kChatPath, body_of(kBytes + 1))), 413, "body_too_large");
  EXPECT_EQ(upstream.requests().size(), 1U);
  EXPECT_EQ(hits("body_bytes"), 1);
}

TEST_F(BodyLimit, ATooLargeBodyIsRefusedBeforeItIsSent) {
  const std::string request = post(kChatPath, body_of(kBytes + 1));
  RawClient client = connect();
  const WholeAnswer answer = client.ask(request.substr(0, request.find("\r\n\r\n") + 4));
  expect_error(answer, 413, "body_too_large");
  EXPECT_EQ(answer.head.find("connection"), "close");
}

TEST_F(BodyLimit, ATooLargeBodyIsNotAskedForByAContinue) {
  std::string request = post(kChatPath, body_of(kBytes + 1), {{"Expect", "100-continue"}});
  request.resize(request.find("\r\n\r\n") + 4);
  EXPECT_EQ(connect().ask(request).status(), 413);
}

TEST_F(BodyLimit, CountsTheDataOfChunksOnly) {
  EXPECT_EQ(connect().ask(chunked(body_of(kBytes))).status(), 200);
  expect_error(connect().ask(chunked(body_of(kBytes + 1))), 413, "body_too_large");
  EXPECT_EQ(upstream.requests().size(), 1U);
}

TEST_F(BodyLimit, TheAnswerArrivesAlthoughTheClientGoesOnSending) {
  const std::string much(512 * 1024, ' ');
  RawClient client = connect();
  ASSERT_TRUE(
      client.send(fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n",
                              kChatPath, much.size())));
  client.send(much);
  expect_error(client.read_answer(), 413, "body_too_large");
  EXPECT_EQ(client.read_to_end(), Io::kEnd);
}

class EventLimit : public Limits {
 protected:
  static constexpr std::size_t kBytes = 4096;

  void SetUp() override { limits().event_bytes = kBytes; }

  // An event of exactly that many bytes, including its empty line. No model: nothing is replaced.
  static std::string event_of(std::size_t bytes) {
    const std::string shortest = event(R"({"x":""})");
    return event(R"({"x":")" + std::string(bytes - shortest.size(), 'x') + "\"}");
  }
  // A stream of which the client has read one event when the rest is sent.
  RawClient open_stream(Script rest) {
    const auto seen = std::make_shared<Latch>();
    Script script = Script().send(stream_head()).send(chunk(event_of(100))).pause(seen);
    upstream.answer_next(std::move(script).append(rest));
    RawClient client = connect();
    EXPECT_TRUE(client.send(chat(Answer::kStream)));
    EXPECT_EQ(client.read_head().status, 200);
    EXPECT_EQ(client.read_event(), event_of(100));
    seen->release();
    return client;
  }
};

TEST_F(EventLimit, AnEventOfAllItsBytesPasses) {
  const std::string events = event_of(kBytes) + event_of(kBytes) + std::string(kDone);
  upstream.answer_next(Script().send(stream_head() + chunk(events)).send(kLastChunk));
  const WholeAnswer answer = connect().ask(chat(Answer::kStream));
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, events);
}

// reported-failures 3.3
TEST_F(EventLimit, ALargerEventPassesAsItComes) {
  const std::string large = event_of(kBytes + 2);
  const std::string begun = large.substr(0, kBytes + 1);
  const auto passed = std::make_shared<Latch>();
  RawClient client = open_stream(Script()
                                     .send(chunk(begun))
                                     .pause(passed)
                                     .send(chunk(large.substr(begun.size()) + std::string(kDone)))
                                     .send(kLastChunk));
  EXPECT_EQ(client.read_body(begun.size()), begun);
  passed->release();
  const RawClient::Rest rest = client.read_rest();
  EXPECT_TRUE(rest.complete);
  EXPECT_EQ(begun + rest.body, large + std::string(kDone));
  EXPECT_EQ(hits("event_bytes"), 1);
}

TEST_F(EventLimit, AnEventThatIsHeldUpToTheLimitIsNotCounted) {
  const std::string large = event_of(kBytes + 1);
  RawClient client =
      open_stream(Script().send(chunk(large.substr(0, kBytes))).send(chunk("\n")).send(kLastChunk));
  EXPECT_EQ(client.read_event(), large);
  EXPECT_EQ(hits("event_bytes"), 0);
}

// An image in a delta, at the default settings.
TEST_F(Limits, AnEventOfAnySizePasses) {
  const std::string events = event(chat_delta(std::string(1'400'000, 'i'))) + event(chat_finish());
  upstream.answer_next(Script().send(stream_head() + chunk(events)).send(kLastChunk));
  const WholeAnswer answer = connect().ask(chat(Answer::kStream));
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, event(chat_delta(std::string(1'400'000, 'i'), "passthrough/m1")) +
                             event(chat_finish("passthrough/m1")));
}

TEST_F(Limits, AWholeAnswerIsHeldUpToTheBufferAndComesInChunksBeyond) {
  limits().answer_buffer_bytes = 1000;
  const std::string exactly = R"({"x":")" + std::string(1000 - 8, 'x') + "\"}";
  upstream.answer_next(Script().send(json_answer(200, exactly)));
  const WholeAnswer held = connect().ask(chat(Answer::kWhole));
  EXPECT_EQ(held.body, exactly);
  EXPECT_FALSE(held.chunked());

  // One byte more than the buffer has arrived, and the end has not.
  const std::string more = R"({"x":")" + std::string(2000, 'x') + "\"}";
  const std::string all = json_answer(200, more);
  const std::size_t first = all.size() - more.size() + 1001;
  const auto rest = std::make_shared<Latch>();
  upstream.answer_next(Script().send(all.substr(0, first)).pause(rest).send(all.substr(first)));
  RawClient client = connect();
  ASSERT_TRUE(client.send(chat(Answer::kWhole)));
  EXPECT_EQ(client.read_head().find("transfer-encoding"), "chunked");
  EXPECT_EQ(client.read_body(1001), more.substr(0, 1001));
  rest->release();
  const RawClient::Rest end = client.read_rest();
  EXPECT_TRUE(end.complete);
  EXPECT_EQ(end.body, more.substr(1001));
}

class UpstreamLimits : public Limits {
 protected:
  void SetUp() override {
    // No connection is idle so briefly that its expiry could be mistaken for the limit's effect.
    timeouts().upstream_idle = std::chrono::hours(1);
    upstream.answer_models(
        Script().send(json_answer(200, R"({"data":[]})", {{"Connection", "close"}})).close());
  }
};

// analysis A6: without the limit, all three would be reused.
TEST_F(UpstreamLimits, IdleConnectionsAreKeptUpToTheLimit) {
  for (const std::size_t kept : {1u, 2u}) {
    limits().connections_per_upstream = kept;
    TestService server(settings);
    const auto at_once = [&](std::size_t count) {
      const auto latch = std::make_shared<Latch>();
      upstream.answer_always(Script().pause(latch).send(json_answer(200, chat_answer_body())));
      const std::size_t before = upstream.requests().size();
      std::vector<RawClient> clients;
      for (std::size_t i = 0; i < count; ++i) {
        clients.emplace_back(server.port());
        EXPECT_TRUE(clients.back().send(chat(Answer::kWhole)));
        upstream.wait_for_request(before + i);
      }
      latch->release();
      for (RawClient& client : clients) EXPECT_EQ(client.read_answer().status(), 200);
    };
    const std::size_t before = upstream.used_connections();
    at_once(3);
    EXPECT_EQ(upstream.used_connections(), before + 3);
    at_once(3);
    EXPECT_EQ(upstream.used_connections(), before + 3 + (3 - kept));
  }
}

TEST_F(UpstreamLimits, AllConnectionsOfAProviderAreUsedAndOneMoreRequestWaits) {
  settings.providers.front().connection_limits.max_connections = 2;
  for (const std::size_t threads : {1u, 2u}) {
    settings.server.threads = threads;
    TestService server(settings);
    const auto latch = std::make_shared<Latch>();
    upstream.answer_always(Script().pause(latch).send(json_answer(200, chat_answer_body())));
    const std::size_t before = upstream.requests().size();
    const std::size_t used_before = upstream.used_connections();
    std::vector<RawClient> clients;
    for (std::size_t i = 0; i < 8; ++i) {
      clients.emplace_back(server.port());
      ASSERT_TRUE(clients.back().send(chat(Answer::kWhole)));
      if (i < 2) upstream.wait_for_request(before + i);
    }
    EXPECT_EQ(upstream.used_connections(), used_before + 2);
    latch->release();
    for (RawClient& client : clients) EXPECT_EQ(client.read_answer().status(), 200);
    EXPECT_EQ(upstream.requests().size(), before + 8);
  }
}

TEST_F(UpstreamLimits, ARequestThatGetsNoConnectionIsA503) {
  settings.providers.front().connection_limits.max_connections = 1;
  settings.providers.front().connection_limits.max_waiting = 1;
  timeouts().connect = milliseconds(50);
  upstream.answer_next(Script().stall());
  RawClient first = connect();
  ASSERT_TRUE(first.send(chat(Answer::kWhole)));
  upstream.wait_for_request(0);
  const WholeAnswer late = connect().ask(chat(Answer::kWhole));
  expect_error(late, 503, "overloaded");
  EXPECT_EQ(late.head.find("retry-after"), "1");
  EXPECT_EQ(hits("upstream_connections"), 1);
  EXPECT_EQ(upstream.requests().size(), 1U);
}

}  // namespace
}  // namespace penstock::testing
