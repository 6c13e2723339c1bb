// Requests that another server on the path could read differently, each with the required result:
// request smuggling, desynchronisation and header injection. The classes are those that
// general-purpose parsers were tested with; an upstream never sees what is refused here.

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/message_runner.h"

namespace penstock::http {
namespace {

using enum ErrorKind;
using std::string_literals::operator""s;

struct Vector {
  std::string_view name;
  ErrorKind verdict;
  std::string bytes;
};

// How most vectors begin.
const std::string kGetLine = "GET / HTTP/1.1\r\n";
const std::string kPostHead = "POST /v1/x HTTP/1.1\r\nHost: a\r\n";
const std::string kChunked = kPostHead + "Transfer-Encoding: chunked\r\n\r\n";

const Vector kRefused[] = {
    // How long the body is.
    {"Content-Length before Transfer-Encoding", kMalformedRequest,
     kPostHead + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"Transfer-Encoding before Content-Length", kMalformedRequest,
     kPostHead + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
    {"two lengths that differ", kMalformedRequest,
     kPostHead + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"},
    {"two lengths that are equal", kMalformedRequest,
     kPostHead + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"},
    {"a list of equal lengths", kMalformedRequest, kPostHead + "Content-Length: 5, 5\r\n\r\n"},
    {"a length with a plus sign", kMalformedRequest, kPostHead + "Content-Length: +5\r\n\r\n"},
    {"a negative length", kMalformedRequest, kPostHead + "Content-Length: -1\r\n\r\n"},
    {"a hexadecimal length", kMalformedRequest, kPostHead + "Content-Length: 0x5\r\n\r\n"},
    {"a length of 2^64 + 5", kMalformedRequest,
     kPostHead + "Content-Length: 18446744073709551621\r\n\r\n"},
    {"an empty length", kMalformedRequest, kPostHead + "Content-Length:\r\n\r\n"},
    {"a length with a space in it", kMalformedRequest, kPostHead + "Content-Length: 1 2\r\n\r\n"},
    {"a length with a fraction", kMalformedRequest, kPostHead + "Content-Length: 5.0\r\n\r\n"},
    {"a length with an underscore", kMalformedRequest, kPostHead + "Content-Length: 1_0\r\n\r\n"},
    {"identity with a length", kMalformedRequest,
     kPostHead + "Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\n"},
    {"identity alone", kNotImplemented, kPostHead + "Transfer-Encoding: identity\r\n\r\n"},
    {"gzip", kNotImplemented, kPostHead + "Transfer-Encoding: gzip\r\n\r\n"},
    {"gzip, then chunked", kNotImplemented, kPostHead + "Transfer-Encoding: gzip, chunked\r\n\r\n"},
    {"chunked, then identity", kMalformedRequest,
     kPostHead + "Transfer-Encoding: chunked, identity\r\n\r\n"},
    {"chunked twice in a list", kMalformedRequest,
     kPostHead + "Transfer-Encoding: chunked, chunked\r\n\r\n"},
    {"chunked in two fields", kMalformedRequest,
     kPostHead + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"chunked after a vertical tab", kMalformedRequest,
     kPostHead + "Transfer-Encoding: \x0b"
                 "chunked\r\n\r\n"},
    {"chunked in quotes", kMalformedRequest, kPostHead + "Transfer-Encoding: \"chunked\"\r\n\r\n"},
    {"chunked with a parameter", kMalformedRequest,
     kPostHead + "Transfer-Encoding: chunked;q=1\r\n\r\n"},
    {"chunked after a comma", kMalformedRequest, kPostHead + "Transfer-Encoding: ,chunked\r\n\r\n"},
    {"an empty transfer coding", kMalformedRequest, kPostHead + "Transfer-Encoding:\r\n\r\n"},
    {"almost chunked", kNotImplemented, kPostHead + "Transfer-Encoding: xchunked\r\n\r\n"},
    {"chunked in HTTP/1.0", kMalformedRequest,
     "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    // How lines end.
    {"bare LF after the request line", kMalformedRequest, "GET / HTTP/1.1\nHost: a\r\n\r\n"},
    {"bare LF after a field", kMalformedRequest, kGetLine + "Host: a\nX: y\r\n\r\n"},
    {"bare LF as the empty line", kMalformedRequest, kGetLine + "Host: a\r\n\n"},
    {"bare CR in a value", kMalformedRequest, kGetLine + "Host: a\r\nX: a\rb\r\n\r\n"},
    {"bare CR after the request line", kMalformedRequest, "GET / HTTP/1.1\rHost: a\r\n\r\n"},
    {"CR CR LF", kMalformedRequest, kGetLine + "Host: a\r\r\n\r\n"},
    {"obs-fold with a space", kMalformedRequest, kGetLine + "Host: a\r\nX: a\r\n b\r\n\r\n"},
    {"obs-fold with a tab", kMalformedRequest, kGetLine + "Host: a\r\nX: a\r\n\tb\r\n\r\n"},
    {"a fold before the first field", kMalformedRequest, kGetLine + " Host: a\r\n\r\n"},
    {"two empty lines before the request", kMalformedRequest,
     "\r\n\r\n" + kGetLine + "Host: a\r\n\r\n"},
    {"LF before the request", kMalformedRequest, "\n" + kGetLine + "Host: a\r\n\r\n"},
    // What fields look like.
    {"a space before the colon", kMalformedRequest, kGetLine + "Host: a\r\nX : y\r\n\r\n"},
    {"a tab before the colon", kMalformedRequest, kGetLine + "Host: a\r\nX\t: y\r\n\r\n"},
    {"a length with a space before the colon", kMalformedRequest,
     kPostHead + "Content-Length : 5\r\n\r\n"},
    {"no colon", kMalformedRequest, kGetLine + "Host: a\r\nX\r\n\r\n"},
    {"no name", kMalformedRequest, kGetLine + "Host: a\r\n: y\r\n\r\n"},
    {"NUL in a value", kMalformedRequest, kGetLine + "Host: a\r\nX: a\0b\r\n\r\n"s},
    {"NUL in a name", kMalformedRequest, kGetLine + "Host: a\r\nX\0: b\r\n\r\n"s},
    {"DEL in a value", kMalformedRequest, kGetLine + "Host: a\r\nX: a\x7f\r\n\r\n"},
    {"ESC in a value", kMalformedRequest, kGetLine + "Host: a\r\nX: \x1b[2J\r\n\r\n"},
    {"obs-text in a name", kMalformedRequest, kGetLine + "Host: a\r\nX\xc3\xa4: b\r\n\r\n"},
    {"a bracket in a name", kMalformedRequest, kGetLine + "Host: a\r\nX[0]: b\r\n\r\n"},
    // The request line.
    {"HTTP/0.9", kMalformedRequest, "GET /\r\n"},
    {"HTTP/1.2", kVersionNotSupported, "GET / HTTP/1.2\r\nHost: a\r\n\r\n"},
    {"HTTP/2.0", kVersionNotSupported, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
    {"the preface of HTTP/2", kVersionNotSupported, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
    {"HTTP/1.10", kMalformedRequest, "GET / HTTP/1.10\r\nHost: a\r\n\r\n"},
    {"HTTP/01.1", kMalformedRequest, "GET / HTTP/01.1\r\nHost: a\r\n\r\n"},
    {"http in lower case", kMalformedRequest, "GET / http/1.1\r\nHost: a\r\n\r\n"},
    {"two spaces before the target", kMalformedRequest, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"two spaces before the version", kMalformedRequest, "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"a tab before the target", kMalformedRequest, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"a space after the version", kMalformedRequest, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
    {"a space before the method", kMalformedRequest, " GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"a space in the target", kMalformedRequest, "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"obs-text in the target", kMalformedRequest, "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"NUL in the target", kMalformedRequest, "GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"s},
    {"a fragment in the target", kMalformedRequest, "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"absolute-form", kMalformedRequest, "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"authority-form", kMalformedRequest, "GET b:443 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"an asterisk without OPTIONS", kMalformedRequest, "GET * HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"CONNECT", kNotImplemented, "CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n"},
    {"TRACE", kNotImplemented, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"a method in lower case", kNotImplemented, "get / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"a method that is not a token", kMalformedRequest, "G@T / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"a TLS handshake", kMalformedRequest, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s},
    // Host.
    {"no Host", kMalformedRequest, kGetLine + "X: y\r\n\r\n"},
    {"two Hosts that are equal", kMalformedRequest, kGetLine + "Host: a\r\nHost: a\r\n\r\n"},
    {"two Hosts in HTTP/1.0", kMalformedRequest, "GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n"},
    {"an empty Host", kMalformedRequest, kGetLine + "Host:\r\n\r\n"},
    {"a Host with a user", kMalformedRequest, kGetLine + "Host: a@b\r\n\r\n"},
    {"a Host with a path", kMalformedRequest, kGetLine + "Host: a/../admin?x=\r\n\r\n"},
    {"a Host with a comma", kMalformedRequest, kGetLine + "Host: a,b\r\n\r\n"},
    {"a Host with a space", kMalformedRequest, kGetLine + "Host: a b\r\n\r\n"},
    {"a Host with obs-text", kMalformedRequest, kGetLine + "Host: \xc3\xa4\r\n\r\n"},
    {"a Host with a port that is no number", kMalformedRequest, kGetLine + "Host: a:b\r\n\r\n"},
    {"a Host with a port of six digits", kMalformedRequest, kGetLine + "Host: a:123456\r\n\r\n"},
    {"a Host with an open bracket", kMalformedRequest, kGetLine + "Host: [::1\r\n\r\n"},
    {"a Host with bytes after its bracket", kMalformedRequest, kGetLine + "Host: [::1]a\r\n\r\n"},
    {"a Host with nothing in its brackets", kMalformedRequest, kGetLine + "Host: []\r\n\r\n"},
    // Expectations.
    {"an unknown expectation", kExpectationFailed, kPostHead + "Expect: 200-ok\r\n\r\n"},
    {"an empty expectation", kExpectationFailed, kPostHead + "Expect:\r\n\r\n"},
    // Chunks.
    {"a chunk size with 0x", kMalformedRequest, kChunked + "0x5\r\nhello\r\n0\r\n\r\n"},
    {"a chunk size with a space after it", kMalformedRequest,
     kChunked + "5 \r\nhello\r\n0\r\n\r\n"},
    {"a chunk size with a plus sign", kMalformedRequest, kChunked + "+5\r\nhello\r\n0\r\n\r\n"},
    {"a chunk size with a minus sign", kMalformedRequest, kChunked + "-5\r\nhello\r\n0\r\n\r\n"},
    {"a chunk size that overflows", kMalformedRequest,
     kChunked + "10000000000000005\r\nhello\r\n0\r\n\r\n"},
    {"a chunk that is longer than its size", kMalformedRequest,
     kChunked + "5\r\nhello!\r\n0\r\n\r\n"},
    {"a chunk that is shorter than its size", kMalformedRequest,
     kChunked + "5\r\nhell\r\n0\r\n\r\n"},
    {"a chunk that ends in LF", kMalformedRequest, kChunked + "5\r\nhello\n0\r\n\r\n"},
    {"a chunk size that ends in LF", kMalformedRequest, kChunked + "5\nhello\r\n0\r\n\r\n"},
    {"a chunk size that ends in CR", kMalformedRequest, kChunked + "5\rhello\r\n0\r\n\r\n"},
    {"an extension that ends in LF", kMalformedRequest, kChunked + "5;a\nhello\r\n0\r\n\r\n"},
    {"Content-Length as a trailer", kMalformedRequest, kChunked + "0\r\nContent-Length: 5\r\n\r\n"},
    {"Transfer-Encoding as a trailer", kMalformedRequest,
     kChunked + "0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"a trailer that is folded", kMalformedRequest, kChunked + "0\r\nA: b\r\n c\r\n\r\n"},
    {"a trailer that ends in LF", kMalformedRequest, kChunked + "0\r\nA: b\n\r\n"},
    {"a second request in the place of the empty line", kMalformedRequest,
     kChunked + "0\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n"},
};

struct Sound {
  std::string_view name;
  std::string bytes;
  std::size_t messages;
  std::string_view bodies;
};

// Close to what is refused, so that strictness does not exceed its reasons.
const Sound kAccepted[] = {
    {"a plain request", kGetLine + "Host: a\r\n\r\n", 1, ""},
    {"one empty line before a request", "\r\n" + kGetLine + "Host: a\r\n\r\n", 1, ""},
    {"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 1, ""},
    {"OPTIONS for the server", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 1, ""},
    {"an empty value", kGetLine + "Host: a\r\nX:\r\n\r\n", 1, ""},
    {"a tab in a value", kGetLine + "Host: a\r\nX: a\tb\r\n\r\n", 1, ""},
    {"obs-text in a value", kGetLine + "Host: a\r\nX: \xc3\xa4\r\n\r\n", 1, ""},
    {"all characters of a token", kGetLine + "Host: a\r\n!#$%&'*+-.^_`|~09azAZ: b\r\n\r\n", 1, ""},
    {"a host with a port", kGetLine + "Host: gateway.example_1:8321\r\n\r\n", 1, ""},
    {"a host without the port after its colon", kGetLine + "Host: a:\r\n\r\n", 1, ""},
    {"an IPv6 address with a port", kGetLine + "Host: [2001:db8::192.0.2.1]:8321\r\n\r\n", 1, ""},
    {"a length with zeros in front", kPostHead + "Content-Length: 005\r\n\r\nhello", 1, "hello"},
    {"a length with white space around it", kPostHead + "Content-Length: \t5 \r\n\r\nhello", 1,
     "hello"},
    {"chunked in mixed case", kPostHead + "tRANSFER-eNCODING: Chunked\r\n\r\n0\r\n\r\n", 1, ""},
    {"chunks with extensions", kChunked + "5;a=b;c=\"d;\\\"\"\r\nhello\r\n0;e\r\n\r\n", 1, "hello"},
    {"a trailer, which has no effect", kChunked + "0\r\nAuthorization: Bearer x\r\n\r\n", 1, ""},
    {"Upgrade, which is ignored",
     kGetLine + "Host: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n" + kGetLine +
         "Host: a\r\n\r\n",
     2, ""},
    {"three requests in a row",
     kPostHead + "Content-Length: 1\r\n\r\na" + kChunked + "1\r\nb\r\n0\r\n\r\n" + kGetLine +
         "Host: a\r\n\r\n",
     3, "ab"},
};

TEST(AttackVectors, AreRefusedWithTheRightError) {
  for (const Vector& vector : kRefused) {
    const MessageRunner runner = run(Side::kServer, vector.bytes);
    ASSERT_TRUE(runner.refused()) << vector.name << ": " << runner.verdict();
    EXPECT_EQ(name_of(runner.error()->kind), name_of(vector.verdict)) << vector.name;
    EXPECT_EQ(runner.messages(), 0U) << vector.name;
  }
}

TEST(AttackVectors, HaveNeighboursThatAreAccepted) {
  for (const Sound& sound : kAccepted) {
    const MessageRunner runner = run(Side::kServer, sound.bytes);
    ASSERT_FALSE(runner.refused()) << sound.name << ": " << runner.error()->message;
    EXPECT_EQ(runner.messages(), sound.messages) << sound.name;
    EXPECT_EQ(runner.bodies(), sound.bodies) << sound.name;
  }
}

TEST(AttackVectors, AreJudgedTheSameHoweverTheyAreCut) {
  for (const Vector& vector : kRefused) {
    const std::string whole = run(Side::kServer, vector.bytes).verdict();
    for (std::size_t piece_bytes = 1; piece_bytes < 40; ++piece_bytes) {
      EXPECT_EQ(run(Side::kServer, vector.bytes, piece_bytes).verdict(), whole) << vector.name;
    }
  }
}

TEST(AttackVectors, DoNotReachTheMessageAfterThem) {
  for (const Vector& vector : kRefused) {
    const std::string bytes = vector.bytes + kGetLine + "Host: a\r\n\r\n";
    EXPECT_EQ(run(Side::kServer, bytes).messages(), 0U) << vector.name;
  }
}

// Answers that must not be forwarded, or must not leave a reusable connection.
const Vector kRefusedAnswers[] = {
    {"two lengths", kUpstreamInvalidResponse,
     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na"},
    {"length and coding", kUpstreamInvalidResponse,
     "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"length and coding without a body", kUpstreamInvalidResponse,
     "HTTP/1.1 204 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"an unknown coding", kUpstreamInvalidResponse,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
    {"chunked in HTTP/1.0", kUpstreamInvalidResponse,
     "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"bare LF", kUpstreamInvalidResponse, "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
    {"obs-fold", kUpstreamInvalidResponse, "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"},
    {"NUL in the reason", kUpstreamInvalidResponse, "HTTP/1.1 200 O\0K\r\n\r\n"s},
    {"HTTP/2", kUpstreamInvalidResponse, "HTTP/2 200\r\n\r\n"},
    {"HTTP/1.2", kUpstreamInvalidResponse, "HTTP/1.2 200 OK\r\n\r\n"},
    {"a status of two digits", kUpstreamInvalidResponse, "HTTP/1.1 20 OK\r\n\r\n"},
    {"a status of four digits", kUpstreamInvalidResponse, "HTTP/1.1 2000 OK\r\n\r\n"},
    {"a status below 100", kUpstreamInvalidResponse, "HTTP/1.1 099 OK\r\n\r\n"},
    {"an empty line in front", kUpstreamInvalidResponse, "\r\nHTTP/1.1 200 OK\r\n\r\n"},
    {"something else", kUpstreamInvalidResponse, "SSH-2.0-OpenSSH_9.2\r\n"},
};

TEST(AttackVectors, InAnswersAreRefusedAsTheUpstreamsFault) {
  for (const Vector& vector : kRefusedAnswers) {
    const MessageRunner runner = run(Side::kClient, vector.bytes);
    ASSERT_TRUE(runner.refused()) << vector.name << ": " << runner.verdict();
    EXPECT_EQ(name_of(runner.error()->kind), name_of(vector.verdict)) << vector.name;
    EXPECT_EQ(runner.error()->retry, RetryClass::kNever) << vector.name;
  }
}

}  // namespace
}  // namespace penstock::http
