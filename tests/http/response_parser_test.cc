#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/parser.h"

namespace penstock::http {
namespace {

constexpr HeadLimits kResponseLimits;

ResponseHead parse_response(std::string_view text) {
  ResponseHead head;
  const Result<Parsed> parsed = parse_response_head(text, 0, kResponseLimits, head);
  EXPECT_TRUE(parsed) << text << parsed.error().message;
  if (parsed) {
    EXPECT_EQ(parsed->head_bytes, text.size()) << text;
  }
  return head;
}

TEST(ResponseParser, ReadsTheStatusLineAndTheFields) {
  const ResponseHead head = parse_response(
      "HTTP/1.1 429 Too Many Requests\r\nretry-after: 5\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(head.status, 429);
  EXPECT_EQ(head.reason, "Too Many Requests");
  EXPECT_EQ(head.version, Version::kHttp11);
  EXPECT_EQ(head.fields.find("Retry-After"), "5");
  EXPECT_EQ(head.framing.kind, Framing::Kind::kLength);
  EXPECT_EQ(head.framing.length, 3U);
  EXPECT_TRUE(head.keep_alive);
}

TEST(ResponseParser, TakesAnyReasonAndNone) {
  EXPECT_EQ(parse_response("HTTP/1.1 200\r\n\r\n").reason, "");
  EXPECT_EQ(parse_response("HTTP/1.1 200 \r\n\r\n").reason, "");
  EXPECT_EQ(parse_response("HTTP/1.1 200  OK\r\n\r\n").reason, " OK");
  EXPECT_EQ(parse_response("HTTP/1.1 500 Ori\xc3\xabntatie\r\n\r\n").reason, "Ori\xc3\xabntatie");
}

TEST(ResponseParser, TakesEveryStatusFrom100To999) {
  for (const int status : {100, 101, 199, 200, 599, 600, 999}) {
    EXPECT_EQ(parse_response("HTTP/1.1 " + std::to_string(status) + " X\r\n\r\n").status, status);
  }
}

TEST(ResponseParser, KnowsHowTheBodyEnds) {
  using enum Framing::Kind;
  struct Row {
    std::string_view start;  // version and status
    std::string_view fields;
    Framing::Kind kind;
    bool keep_alive;
  };
  constexpr Row kRows[] = {
      {"1.1 200", "Content-Length: 0\r\n", kLength, true},
      {"1.1 200", "Transfer-Encoding: CHUNKED\r\n", kChunked, true},
      {"1.1 200", "", kUntilClose, false},
      {"1.1 200", "Connection: keep-alive\r\n", kUntilClose, false},
      {"1.1 200", "Connection: close\r\nContent-Length: 1\r\n", kLength, false},
      {"1.0 200", "", kUntilClose, false},
      {"1.0 200", "Content-Length: 1\r\n", kLength, false},
      {"1.0 200", "Connection: keep-alive\r\nContent-Length: 1\r\n", kLength, true},
      {"1.1 100", "", kNone, true},
      {"1.1 103", "Link: <a>\r\n", kNone, true},
      {"1.1 204", "", kNone, true},
      {"1.1 204", "Content-Length: 5\r\n", kNone, true},
      {"1.1 204", "Connection: close\r\n", kNone, false},
      {"1.1 304", "Transfer-Encoding: chunked\r\n", kNone, true},
      {"1.1 304", "Content-Length: 5\r\n", kNone, true},
      {"1.1 205", "", kUntilClose, false},
  };
  for (const Row& row : kRows) {
    const std::string text =
        "HTTP/" + std::string(row.start) + " X\r\n" + std::string(row.fields) + "\r\n";
    const ResponseHead head = parse_response(text);
    EXPECT_EQ(head.framing.kind, row.kind) << text;
    EXPECT_EQ(head.keep_alive, row.keep_alive) << text;
  }
}

TEST(ResponseParser, DoesNotMindFieldsThatSteerRequestsOnly) {
  EXPECT_EQ(
      parse_response("HTTP/1.1 204 X\r\nHost: a, b\r\nHost: c\r\nExpect: x\r\n\r\n").fields.size(),
      3U);
}

TEST(ResponseParser, RefusesAHeadThatIsTooLargeBeforeItsEnd) {
  const std::string text =
      "HTTP/1.1 200 OK\r\nX: " + std::string(kResponseLimits.bytes, 'x');  // no end in sight
  ResponseHead head;
  const auto parsed = parse_response_head(text, 0, kResponseLimits, head);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().kind, ErrorKind::kUpstreamInvalidResponse);
}

TEST(ResponseParser, RefusesTooManyFields) {
  std::string text = "HTTP/1.1 200 OK\r\n";
  for (std::size_t i = 0; i < kResponseLimits.fields; ++i) text += "a: b\r\n";
  ResponseHead head;
  EXPECT_TRUE(parse_response_head(text + "\r\n", 0, kResponseLimits, head));
  EXPECT_FALSE(parse_response_head(text + "a: b\r\n\r\n", 0, kResponseLimits, head));
}

TEST(ResponseParser, AsksForMoreUntilTheLastByte) {
  const std::string text = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
  for (std::size_t size = 0; size < text.size(); ++size) {
    ResponseHead head;
    const auto parsed = parse_response_head(text.substr(0, size), 0, kResponseLimits, head);
    ASSERT_TRUE(parsed) << size;
    EXPECT_FALSE(parsed->complete()) << size;
  }
}

}  // namespace
}  // namespace penstock::http
