// Compressed request bodies: decoded within the limits of any body, and then treated and forwarded
// like plain ones.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "integration/json_answer.h"
#include "support/compressed.h"
#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

class RequestCodings : public GatewayTest {
 protected:
  double hits(std::string_view limit) {
    return service().metric(fmt::format("penstock_limit_hits_total{{limit=\"{}\"}}", limit));
  }
};

std::string coded(std::string_view codings, std::string_view content) {
  return post(kChatPath, content, {{"Content-Encoding", std::string(codings)}});
}

// A body of that many bytes, which compresses a hundredfold.
std::string body_of(std::size_t bytes) {
  const std::string front = R"({"model":"passthrough/m1","input":")";
  std::string text;
  for (int i = 0; text.size() + front.size() + 2 < bytes; ++i) text += fmt::format("{:08} ", i / 9);
  text.resize(bytes - front.size() - 2);
  return front + text + R"("})";
}

// reported-failures 5.8
TEST_F(RequestCodings, ReachTheUpstreamAsAPlainBody) {
  const std::string body = chat_body();
  RawClient client = connect();
  std::size_t asked = 0;
  const auto expect_plain = [&](const std::string& request) {
    const WholeAnswer answer = client.ask(request);
    ASSERT_EQ(answer.status(), 200) << answer.body;
    const SeenRequest seen = upstream.wait_for_request(asked++);
    EXPECT_EQ(seen.body, chat_body("m1"));
    EXPECT_EQ(seen.head.find("content-length"), std::to_string(seen.body.size()));
    EXPECT_FALSE(seen.head.find("content-encoding").has_value());
    EXPECT_FALSE(seen.head.find("transfer-encoding").has_value());
  };
  expect_plain(coded("gzip", gzipped(body)));
  expect_plain(coded("X-GZIP", gzipped(body)));
  expect_plain(coded("zstd", zstd_compressed(body)));
  expect_plain(coded("deflate", zlib_wrapped(body)));
  expect_plain(coded("deflate", raw_deflated(body)));
  expect_plain(coded("identity", body));
  expect_plain(coded("", body));
  expect_plain(coded("gzip, identity, zstd", zstd_compressed(gzipped(body))));
  expect_plain(post(kChatPath, zstd_compressed(gzipped(body)),
                    {{"Content-Encoding", "gzip"}, {"content-encoding", "zstd"}}));
  const std::string zstd = zstd_compressed(body);
  expect_plain(
      fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: zstd\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n{}{}{}",
                  kChatPath, chunk(zstd.substr(0, 9)), chunk(zstd.substr(9)), kLastChunk));
}

TEST_F(RequestCodings, OfTheUsualProgramsAreRead) {
  // `printf '{"model":"passthrough/m1"}' | zstd`, and the same with `gzip -n`.
  const std::string zstd(
      "\x28\xb5\x2f\xfd\x04\x58\xd1\x00\x00{\"model\":\"passthrough/m1\"}\x47\x3e\x91\xee", 39);
  const std::string gzip(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56\xca\xcd\x4f\x49\xcd\x51\xb2\x52\x2a\x48\x2c"
      "\x2e\x2e\xc9\x28\xca\x2f\x4d\xcf\xd0\xcf\x35\x54\xaa\x05\x00\xf0\x2a\xd1\xfe\x1a\x00\x00"
      "\x00",
      46);
  EXPECT_EQ(connect().ask(coded("zstd", zstd)).status(), 200);
  EXPECT_EQ(upstream.wait_for_request(0).body, R"({"model":"m1"})");
  EXPECT_EQ(connect().ask(coded("gzip", gzip)).status(), 200);
  EXPECT_EQ(upstream.wait_for_request(1).body, R"({"model":"m1"})");
}

// In many steps, and into memory that grows.
TEST_F(RequestCodings, OfALargeBodyAreTakenOffWhole) {
  const std::string body = body_of(5'000'000);
  std::string plain = body;
  plain.replace(plain.find("passthrough/"), 12, "");
  std::size_t asked = 0;
  for (const std::string& request :
       {coded("zstd", zstd_compressed(body)), coded("gzip", gzipped(body)),
        coded("deflate, zstd", zstd_compressed(zlib_wrapped(body)))}) {
    ASSERT_EQ(connect().ask(request).status(), 200);
    EXPECT_TRUE(upstream.wait_for_request(asked++).body == plain);
  }
}

TEST_F(RequestCodings, ThatAreNotKeptAreA400) {
  const std::string body = chat_body();
  const std::string gzip = gzipped(body);
  const std::string zstd = zstd_compressed(body);
  RawClient client = connect();
  for (const std::string& request :
       {coded("gzip", body), coded("gzip", zstd), coded("gzip", gzip.substr(0, gzip.size() - 1)),
        coded("gzip", gzip.substr(0, 20)), coded("gzip", gzip + "\n"), coded("gzip", ""),
        coded("zstd", gzip), coded("zstd", zstd.substr(0, zstd.size() - 1)),
        coded("zstd", zstd + "x"), coded("zstd", ""), coded("deflate", zlib_wrapped(body) + "x"),
        coded("deflate", raw_deflated(body).substr(0, 10)), coded("gzip, zstd", zstd),
        coded("zstd", zstd_compressed(body, 24))}) {
    const WholeAnswer answer = client.ask(request);
    EXPECT_EQ(answer.status(), 400) << answer.body;
    EXPECT_TRUE(message_of(answer).starts_with("The request body could not be decompressed: "))
        << message_of(answer);
  }
  // The result is checked like any body.
  EXPECT_EQ(client.ask(coded("gzip", gzipped("{"))).status(), 400);
  EXPECT_EQ(client.ask(coded("zstd", zstd_compressed(""))).status(), 400);
  EXPECT_EQ(client.ask(chat(Answer::kWhole)).status(), 200);
  EXPECT_EQ(upstream.requests().size(), 1U);
}

TEST_F(RequestCodings, HaveTheLimitOfAnyBodyWhenTheyAreTakenOff) {
  limits().body_bytes = 100'000;
  for (const bool zstd : {false, true}) {
    const auto request = [&](std::size_t bytes) {
      const std::string body = body_of(bytes);
      return zstd ? coded("zstd", zstd_compressed(body)) : coded("gzip", gzipped(body));
    };
    EXPECT_EQ(connect().ask(request(100'000)).status(), 200);
    expect_error(connect().ask(request(100'001)), 413, "body_too_large");
    expect_error(connect().ask(request(3'000'000)), 413, "body_too_large");
  }
  EXPECT_EQ(hits("body_bytes"), 4);
  // Also in between, if codings are stacked.
  std::string members;
  for (int i = 0; i < 10'000; ++i) members += gzipped("");
  members += gzipped(chat_body());
  expect_error(connect().ask(coded("gzip, zstd", zstd_compressed(members))), 413, "body_too_large");
  EXPECT_EQ(upstream.requests().size(), 2U);
}

TEST_F(RequestCodings, CountTowardsTheBoundOfAllBodies) {
  limits().all_bodies_bytes = 4'000'000;
  RawClient client = connect();
  // What one request has held is returned, also after a failure.
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(client.ask(coded("gzip", gzipped(body_of(1'500'000)))).status(), 200);
    expect_error(client.ask(coded("gzip", gzipped(body_of(5'000'000)))), 503, "overloaded");
    EXPECT_EQ(client.ask(coded("gzip", "broken")).status(), 400);
  }
  EXPECT_EQ(hits("all_bodies_bytes"), 5);
  // The window of the decoder counts as well.
  expect_error(client.ask(coded("zstd", zstd_compressed(body_of(100'000), 22))), 503, "overloaded");
}

// As soon as the answer of a stream begins.
TEST_F(RequestCodings, HoldNoMemoryDuringAStream) {
  limits().all_bodies_bytes = 8'000'000;
  // Not two of them at once.
  std::string body = body_of(4'100'000);
  body.insert(1, R"("stream":true,)");
  const auto end = std::make_shared<Latch>();
  upstream.answer_next(Script()
                           .send(stream_head() + chunk(event(chat_delta("a"))))
                           .pause(end)
                           .send(chunk(kDone))
                           .send(kLastChunk));
  RawClient stream = connect();
  ASSERT_TRUE(stream.send(coded("gzip", gzipped(body))));
  EXPECT_EQ(stream.read_head().status, 200);
  EXPECT_TRUE(stream.read_event().has_value());
  EXPECT_EQ(connect().ask(coded("gzip", gzipped(body_of(4'100'000)))).status(), 200);
  end->release();
}

TEST_F(RequestCodings, ThatAreNotReadAreA415ThatNamesThoseThatAre) {
  for (const std::string_view codings :
       {"br", "gzip, br", "compress", "gzip;q=1", "gzip, gzip, gzip, gzip"}) {
    const WholeAnswer answer = connect().ask(coded(codings, chat_body()));
    expect_error(answer, 415, "unsupported_media_type");
    EXPECT_EQ(answer.head.find("accept-encoding"), "gzip, deflate, zstd");
  }
  EXPECT_TRUE(upstream.requests().empty());
}

TEST_F(RequestCodings, AreNotLookedAtWithoutAKey) {
  settings.server.api_keys.push_back({.name = "client", .key = Secret("client-key-0123456789")});
  for (const std::string_view coding : {"gzip", "br"}) {
    expect_error(connect().ask(coded(coding, "broken")), 401, "invalid_api_key");
  }
}

TEST_F(RequestCodings, OfRegistrationsAreTakenOff) {
  RawClient client = connect();
  const auto ask = [&](std::string_view coding, const std::string& content) {
    return client.ask(post("/v1/models", content, {{"Content-Encoding", std::string(coding)}}))
        .status();
  };
  const std::string body = R"({"model_id":"one","provider_id":"passthrough"})";
  EXPECT_EQ(ask("zstd", zstd_compressed(body)), 200);
  EXPECT_EQ(ask("gzip", gzipped(R"({"model_id":"two","provider_id":"passthrough"})")), 200);
  EXPECT_EQ(client.ask(get("/v1/models/passthrough%2Fone")).status(), 200);
  EXPECT_EQ(client.ask(get("/v1/models/passthrough%2Ftwo")).status(), 200);
  EXPECT_EQ(ask("gzip", body), 400);
  EXPECT_EQ(ask("br", body), 415);
}

}  // namespace
}  // namespace penstock::testing
