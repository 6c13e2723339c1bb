#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/parser.h"

namespace penstock::http {
namespace {

constexpr HeadLimits kRequestLimits;

RequestHead parse_request(std::string_view text) {
  RequestHead head;
  const Result<Parsed> parsed = parse_request_head(text, 0, kRequestLimits, head);
  EXPECT_TRUE(parsed) << text << parsed.error().message;
  if (parsed) {
    EXPECT_EQ(parsed->head_bytes, text.size()) << text;
  }
  return head;
}

TEST(RequestParser, ReadsTheLineTheFieldsAndWhereTheHeadEnds) {
  const std::string text =
      "POST /v1/chat/completions?a=b HTTP/1.1\r\n"
      "Host: localhost:8321\r\n"
      "X-Empty:\r\n"
      "X-Padded: \t two words \t\r\n"
      "Content-Length: 12\r\n"
      "\r\n";
  RequestHead head;
  const Result<Parsed> parsed =
      parse_request_head(text + "{\"model\":1}\n", 0, kRequestLimits, head);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->head_bytes, text.size());
  const RequestHead request = parse_request(text);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/v1/chat/completions?a=b");
  EXPECT_EQ(request.version, Version::kHttp11);
  ASSERT_EQ(request.fields.size(), 4U);
  EXPECT_EQ(request.fields.begin()->name, "Host");
  EXPECT_EQ(request.fields.find("x-empty"), "");
  EXPECT_EQ(request.fields.find("x-padded"), "two words");
  EXPECT_EQ(request.framing.kind, Framing::Kind::kLength);
  EXPECT_EQ(request.framing.length, 12U);
  EXPECT_TRUE(request.keep_alive);
  EXPECT_FALSE(request.expects_continue);
}

TEST(RequestParser, CountsTheEmptyLineBeforeTheRequest) {
  EXPECT_EQ(parse_request("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").method, "GET");
}

TEST(RequestParser, ForgetsTheHeadThatWasThereBefore) {
  RequestHead head;
  ASSERT_TRUE(parse_request_head(
      "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\n"
      "Transfer-Encoding: chunked\r\n\r\n",
      0, kRequestLimits, head));
  ASSERT_TRUE(parse_request_head("GET /b HTTP/1.1\r\nHost: b\r\n\r\n", 0, kRequestLimits, head));
  EXPECT_EQ(head.fields.size(), 1U);
  EXPECT_EQ(head.framing.kind, Framing::Kind::kNone);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.expects_continue);
}

TEST(RequestParser, ReadsTheLargestLengthOf19Digits) {
  const RequestHead head =
      parse_request("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999999\r\n\r\n");
  EXPECT_EQ(head.framing.length, 9999999999999999999U);
}

TEST(RequestParser, DecidesWhetherTheConnectionIsKept) {
  struct Row {
    std::string_view version;
    std::string_view connection;
    bool keep_alive;
  };
  constexpr Row kRows[] = {
      {"1.1", "", true},
      {"1.1", "close", false},
      {"1.1", "CLOSE", false},
      {"1.1", "keep-alive", true},
      {"1.1", "upgrade", true},
      {"1.1", "te ,\tClose", false},
      {"1.1", "keep-alive, close", false},
      {"1.1", "closed", true},
      {"1.1", "\"close\"", true},
      {"1.0", "", false},
      {"1.0", "Keep-Alive", true},
      {"1.0", "foo,, keep-alive", true},
      {"1.0", "keep-alive, close", false},
  };
  for (const Row& row : kRows) {
    const std::string text = "GET / HTTP/" + std::string(row.version) +
                             "\r\nHost: a\r\nConnection: " + std::string(row.connection) +
                             "\r\n\r\n";
    EXPECT_EQ(parse_request(text).keep_alive, row.keep_alive) << text;
  }
}

TEST(RequestParser, JoinsConnectionFields) {
  EXPECT_FALSE(
      parse_request(
          "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n")
          .keep_alive);
}

TEST(RequestParser, HearsTheExpectationOfHttp11Only) {
  EXPECT_TRUE(
      parse_request("PUT / HTTP/1.1\r\nHost: a\r\nexpect: 100-Continue\r\n\r\n").expects_continue);
  EXPECT_FALSE(parse_request("PUT / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").expects_continue);
}

TEST(RequestParser, AsksForMoreUntilTheLastByte) {
  const std::string text = "\r\nGET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
  for (std::size_t size = 0; size < text.size(); ++size) {
    RequestHead head;
    const Result<Parsed> parsed = parse_request_head(text.substr(0, size), 0, kRequestLimits, head);
    ASSERT_TRUE(parsed) << size;
    EXPECT_FALSE(parsed->complete()) << size;
  }
}

TEST(RequestParser, RefusesAControlCharacterBeforeTheLineIsThere) {
  RequestHead head;
  EXPECT_FALSE(parse_request_head(std::string_view("GET /\0", 6), 0, kRequestLimits, head));
  EXPECT_FALSE(parse_request_head("GET / HTTP/1.1\rH", 0, kRequestLimits, head));
  // The CR was the last byte of the earlier call.
  EXPECT_FALSE(parse_request_head("GET / HTTP/1.1\rH", 15, kRequestLimits, head));
}

TEST(RequestParser, ServesTheMethodsThatARouteCanHave) {
  for (const char* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    EXPECT_EQ(parse_request(std::string(method) + " / HTTP/1.1\r\nHost: a\r\n\r\n").method, method);
  }
}

std::string head_of_bytes(std::size_t bytes) {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  return start + std::string(bytes - start.size() - 4, 'x') + "\r\n\r\n";
}

TEST(RequestParser, TakesAHeadAtTheByteLimitAndRefusesOneBeyond) {
  RequestHead head;
  const Result<Parsed> fits =
      parse_request_head(head_of_bytes(kRequestLimits.bytes), 0, kRequestLimits, head);
  ASSERT_TRUE(fits);
  EXPECT_EQ(fits->head_bytes, kRequestLimits.bytes);
  const Result<Parsed> large =
      parse_request_head(head_of_bytes(kRequestLimits.bytes + 1), 0, kRequestLimits, head);
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().kind, ErrorKind::kHeadTooLarge);
}

TEST(RequestParser, RefusesAHeadAtTheByteLimitWhoseEndIsMissing) {
  const std::string text = head_of_bytes(kRequestLimits.bytes + 100);
  for (const std::size_t scanned : {std::size_t{0}, kRequestLimits.bytes - 1}) {
    RequestHead head;
    const auto below = parse_request_head(text.substr(0, kRequestLimits.bytes - 1), scanned / 2,
                                          kRequestLimits, head);
    ASSERT_TRUE(below);
    EXPECT_FALSE(below->complete());
    const auto at =
        parse_request_head(text.substr(0, kRequestLimits.bytes), scanned, kRequestLimits, head);
    ASSERT_FALSE(at);
    EXPECT_EQ(at.error().kind, ErrorKind::kHeadTooLarge);
  }
}

TEST(RequestParser, DoesNotCountTheBodyAgainstTheByteLimit) {
  RequestHead head;
  const std::string text = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
  EXPECT_TRUE(parse_request_head(text, 0, {text.size() - 5, 100}, head));
}

TEST(RequestParser, TakesFieldsUpToTheirLimit) {
  const auto with_fields = [](std::size_t fields) {
    std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (std::size_t i = 1; i < fields; ++i) text += "X: y\r\n";
    return text + "\r\n";
  };
  RequestHead head;
  EXPECT_TRUE(parse_request_head(with_fields(kRequestLimits.fields), 0, kRequestLimits, head));
  EXPECT_EQ(head.fields.size(), kRequestLimits.fields);
  const auto many =
      parse_request_head(with_fields(kRequestLimits.fields + 1), 0, kRequestLimits, head);
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().kind, ErrorKind::kTooManyFields);
}

TEST(RequestParser, FindsControlCharactersAtEveryPlaceOfAValue) {
  for (std::size_t size = 1; size < 70; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string value(size, 'v');
      value[at] = '\x01';
      EXPECT_FALSE(is_field_value(value)) << size << " " << at;
      value[at] = '\x7f';
      EXPECT_FALSE(is_field_value(value)) << size << " " << at;
      value[at] = '\t';
      EXPECT_TRUE(is_field_value(value)) << size << " " << at;
      value[at] = '\xff';
      EXPECT_TRUE(is_field_value(value)) << size << " " << at;
    }
  }
}

// Byte by byte against the definition, whichever way of scanning the machine has.
TEST(RequestParser, AllowsExactlyTheBytesOfFieldValuesAndTokens) {
  constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool token = letter || (c >= '0' && c <= '9') ||
                       (c != 0 && kTokenMarks.find(c) != std::string_view::npos);
    EXPECT_EQ(is_token(std::string_view(&c, 1)), token) << byte;
    const bool value = byte == '\t' || (byte >= 0x20 && byte != 0x7F);
    EXPECT_EQ(is_field_value(std::string_view(&c, 1)), value) << byte;
    EXPECT_EQ(is_field_value(std::string(16, c)), value) << byte;
  }
  EXPECT_FALSE(is_token(""));
  EXPECT_TRUE(is_field_value(""));
}

}  // namespace
}  // namespace penstock::http
