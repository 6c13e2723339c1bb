#include "http/serializer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "http/parser.h"

namespace penstock::http {
namespace {

using std::string_literals::operator""s;

TEST(Serializer, WritesARequestThatTheParserReads) {
  std::string out;
  append_request_line(out, "POST", {"/v1", "/chat/completions", "?", "a=b"});
  append_field(out, "Host", "api.example.com");
  append_content_length(out, 18446744073709551U);
  append_head_end(out);
  EXPECT_EQ(out,
            "POST /v1/chat/completions?a=b HTTP/1.1\r\n"
            "Host: api.example.com\r\n"
            "Content-Length: 18446744073709551\r\n\r\n");
  RequestHead head;
  const auto parsed = parse_request_head(out, 0, {}, head);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->head_bytes, out.size());
}

TEST(Serializer, WritesStatusLinesWithAndWithoutReason) {
  std::string out;
  append_status_line(out, 200);
  append_status_line(out, 299);
  append_status_line(out, 429, "Slow Down");
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nHTTP/1.1 299 \r\nHTTP/1.1 429 Slow Down\r\n");
}

// The example of RFC 9110 section 5.6.7, the epoch, and both sides of a leap day and a year's end.
TEST(Serializer, WritesDatesAsTheRfcHasThem) {
  const auto date = [](std::int64_t milliseconds) {
    std::string out;
    append_date(out, WallTime(std::chrono::milliseconds(milliseconds)));
    return out;
  };
  EXPECT_EQ(date(784111777000), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(date(0), "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
  EXPECT_EQ(date(1709164799999), "Date: Wed, 28 Feb 2024 23:59:59 GMT\r\n");
  EXPECT_EQ(date(1709164800000), "Date: Thu, 29 Feb 2024 00:00:00 GMT\r\n");
  EXPECT_EQ(date(1767225599999), "Date: Wed, 31 Dec 2025 23:59:59 GMT\r\n");
  EXPECT_EQ(date(1767225600000), "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n");
}

TEST(Serializer, WritesChunkSizesInHexadecimal) {
  std::string out;
  append_chunk_header(out, 1);
  append_chunk_header(out, 255);
  append_chunk_header(out, UINT64_MAX);
  out.append(kLastChunk);
  EXPECT_EQ(out, "1\r\nff\r\nffffffffffffffff\r\n0\r\n\r\n");
}

TEST(Serializer, KnowsTheReasonsOfTheStatusesThatTheGatewayAnswersWith) {
  for (const int status :
       {400, 401, 403, 404, 405, 408, 413, 415, 417, 429, 431, 500, 501, 502, 503, 504, 505}) {
    EXPECT_FALSE(reason_phrase(status).empty()) << status;
  }
  EXPECT_EQ(reason_phrase(100), "Continue");
  EXPECT_EQ(reason_phrase(504), "Gateway Timeout");
  EXPECT_EQ(reason_phrase(299), "");
}

TEST(SerializerDeathTest, WritesNothingThatCouldEndALineEarly) {
  std::string out;
  for (const std::string& value : {"a\rb"s, "a\nb"s, "a\r\nX: y"s, "a\0b"s, "a\x7f"s}) {
    EXPECT_DEATH(append_field(out, "X", value), "field value");
    EXPECT_DEATH(append_status_line(out, 200, value), "reason");
  }
  for (const std::string& name : {""s, "a b"s, "a:"s, "a\r\n"s, "\xc3\xa4"s}) {
    EXPECT_DEATH(append_field(out, name, "v"), "field name");
    EXPECT_DEATH(append_request_line(out, name, {"/"}), "method");
  }
  for (const std::string& target : {""s, "/a b"s, "/a\r\n"s, "/a\0"s, "/\xc3\xa4"s, "/a#b"s}) {
    EXPECT_DEATH(append_request_line(out, "GET", {target}), "target");
  }
  EXPECT_DEATH(append_status_line(out, 99), "status");
  EXPECT_DEATH(append_status_line(out, 1000), "status");
  EXPECT_DEATH(append_chunk_header(out, 0), "chunk");
}

}  // namespace
}  // namespace penstock::http
