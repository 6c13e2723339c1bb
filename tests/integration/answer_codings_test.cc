// Answers in a content coding although identity was requested: decoded if possible, and else not
// forwarded.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "integration/json_answer.h"
#include "support/compressed.h"
#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kOperatorsKey = "sk-proj-abc/def+ghijklmnopqrstuvwxyz0123456789";

struct Coding {
  std::string_view names;
  std::function<std::string(std::string_view)> apply;
};

std::vector<Coding> codings() {
  return {{"gzip", [](auto text) { return gzipped(text); }},
          {"X-Gzip", [](auto text) { return gzipped(text); }},
          {"deflate", [](auto text) { return zlib_wrapped(text); }},
          {"Deflate", [](auto text) { return raw_deflated(text); }},
          {"zstd", [](auto text) { return zstd_compressed(text); }},
          {"identity, gzip,, zstd", [](auto text) { return zstd_compressed(gzipped(text)); }}};
}

class AnswerCodings : public GatewayTest {
 protected:
  AnswerCodings() { settings.providers[0].api_key = Secret(std::string(kOperatorsKey)); }

  WholeAnswer ask(Answer kind = Answer::kWhole) {
    return connect().ask(post(kChatPath, chat_body("passthrough/m1", kind)));
  }
  WholeAnswer told(int status, std::string_view names, const std::string& coded) {
    upstream.answer_next(Script().send(json_answer(
        status, coded, {{"Content-Encoding", std::string(names)}, {"Retry-After", "7"}})));
    return ask();
  }
};

// reported-failures 2.3
TEST_F(AnswerCodings, HideNoKeyInAnError) {
  const std::string error =
      fmt::format(R"({{"error":{{"message":"Wrong key {}","code":"x"}}}})", kOperatorsKey);
  for (const Coding& coding : codings()) {
    SCOPED_TRACE(coding.names);
    for (const int status : {400, 401, 429, 503}) {
      const WholeAnswer answer = told(status, coding.names, coding.apply(error));
      EXPECT_EQ(answer.status(), status);
      EXPECT_THAT(message_of(answer),
                  HasSubstr("Wrong key " + std::string(kOperatorsKey.size(), '*')));
      EXPECT_EQ(answer.head.find("content-encoding"), std::nullopt);
      EXPECT_EQ(answer.head.find("content-type"), "application/json");
      EXPECT_EQ(answer.head.find("retry-after"), "7");
    }
  }
}

TEST_F(AnswerCodings, AreTakenOffOfWholeAnswers) {
  const std::string text = fmt::format(R"({{"model":"m1","x":"{}"}})", kOperatorsKey);
  const std::string right = fmt::format(R"({{"model":"passthrough/m1","x":"{}"}})",
                                        std::string(kOperatorsKey.size(), '*'));
  for (const Coding& coding : codings()) {
    SCOPED_TRACE(coding.names);
    const WholeAnswer answer = told(200, coding.names, coding.apply(text));
    EXPECT_TRUE(answer.complete);
    EXPECT_EQ(answer.body, right);
    EXPECT_EQ(answer.head.find("content-length"), std::to_string(right.size()));
    EXPECT_EQ(answer.head.find("content-encoding"), std::nullopt);
  }
}

TEST_F(AnswerCodings, AreTakenOffOfStreamsWhereverTheyAreCut) {
  const std::string events =
      event(fmt::format(R"({{"model":"m1","x":"{}"}})", kOperatorsKey)) + chat_events();
  const std::string coded = gzipped(events);
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
      "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n";
  upstream.answer_next(Script().send(stream_head() + chunk(events) + std::string(kLastChunk)));
  const WholeAnswer plain = ask(Answer::kStream);
  ASSERT_THAT(plain.body, HasSubstr(std::string(kOperatorsKey.size(), '*')));
  for (std::size_t cut = 1; cut < coded.size(); cut += 7) {
    auto latch = std::make_shared<Latch>();
    upstream.answer_next(Script()
                             .send(head + chunk(coded.substr(0, cut)))
                             .pause(latch)
                             .send(chunk(coded.substr(cut)) + std::string(kLastChunk)));
    RawClient client = connect();
    ASSERT_TRUE(client.send(post(kChatPath, chat_body("passthrough/m1", Answer::kStream))));
    upstream.wait_for_request();
    latch->release();
    const WholeAnswer answer = client.read_answer();
    EXPECT_TRUE(answer.complete);
    EXPECT_EQ(answer.body, plain.body);
  }
}

TEST_F(AnswerCodings, AreTakenOffOfOtherTypesWhateverTheirSize) {
  limits().answer_buffer_bytes = 1024;
  const std::string text(3 * 1024 * 1024, 'x');
  for (const char* type : {"text/plain", "application/json"}) {
    const std::string coded = gzipped(text);
    upstream.answer_next(Script().send(
        fmt::format("HTTP/1.1 200 OK\r\nContent-Type: {}\r\nContent-Encoding: gzip\r\n"
                    "Content-Length: {}\r\n\r\n{}",
                    type, coded.size(), coded)));
    const WholeAnswer answer = ask();
    EXPECT_TRUE(answer.complete) << type;
    EXPECT_EQ(answer.body, text);
  }
}

TEST_F(AnswerCodings, ThatAreUnknownLetNothingPass) {
  for (const char* names : {"br", "identity, x-unknown", "gzip, gzip, gzip, gzip"}) {
    const WholeAnswer error = told(429, names, "{\"a\":\"" + std::string(kOperatorsKey) + "\"}");
    EXPECT_EQ(json_of(error, 429)["error"]["type"], "upstream_error");
    EXPECT_THAT(message_of(error), HasSubstr("content coding"));
    EXPECT_THAT(error.body, Not(HasSubstr(kOperatorsKey.substr(0, 9))));
    EXPECT_EQ(error.head.find("content-encoding"), std::nullopt);
    EXPECT_EQ(error.head.find("retry-after"), "7");
    expect_error(told(200, names, R"({"model":"m1"})"), 502, "upstream_invalid_response");
  }
}

TEST_F(AnswerCodings, ThatAreBrokenNeverLookWhole) {
  const std::string coded = gzipped(R"({"model":"m1","x":"y"})");
  expect_error(told(200, "gzip", coded.substr(0, coded.size() - 1)), 502, "upstream_reset");
  expect_error(told(200, "gzip", coded + "more"), 502, "upstream_invalid_response");
  expect_error(told(200, "gzip", "not gzip"), 502, "upstream_invalid_response");
  const WholeAnswer error = told(404, "gzip", "not gzip");
  EXPECT_EQ(json_of(error, 404)["error"]["type"], "upstream_error");
}

// reported-failures 5.18
TEST_F(AnswerCodings, AreNoneWhereTheListIsEmpty) {
  for (const char* names : {"", ",", "identity"}) {
    EXPECT_EQ(told(200, names, R"({"model":"m1"})").body, R"({"model":"passthrough/m1"})");
  }
}

}  // namespace
}  // namespace penstock::testing
