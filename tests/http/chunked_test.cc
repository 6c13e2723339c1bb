#include "http/chunked.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace penstock::http {
namespace {

struct Outcome {
  std::string body;
  bool done = false;
  std::size_t consumed = 0;
  std::string error;
};

Outcome decode(std::string_view input, std::size_t piece_bytes = SIZE_MAX) {
  ChunkedDecoder decoder(Direction::kRequest);
  Outcome outcome;
  while (!decoder.done() && outcome.consumed < input.size()) {
    const auto step = decoder.step(input.substr(outcome.consumed, piece_bytes));
    if (!step) {
      outcome.error = step.error().message;
      return outcome;
    }
    outcome.consumed += step->consumed;
    outcome.body.append(step->data);
  }
  outcome.done = decoder.done();
  return outcome;
}

TEST(ChunkedDecoder, GivesTheDataAndStopsAfterTheEnd) {
  const std::string body = "5\r\nhello\r\nA;x=y\r\n0123456789\r\n000\r\nA: b\r\n\r\n";
  const Outcome outcome = decode(body + "GET /");
  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(outcome.body, "hello0123456789");
  EXPECT_EQ(outcome.consumed, body.size());
}

TEST(ChunkedDecoder, GivesTheSameHoweverTheInputIsCut) {
  const std::string body =
      "5\r\nhello\r\na;x;y=\"a\\\"b;c\";z=1\r\n0123456789\r\n1\r\n!\r\n0;e\r\nA: b\r\nC:\r\n\r\n";
  for (std::size_t piece_bytes = 1; piece_bytes <= body.size(); ++piece_bytes) {
    const Outcome outcome = decode(body, piece_bytes);
    EXPECT_TRUE(outcome.done) << piece_bytes << outcome.error;
    EXPECT_EQ(outcome.body, "hello0123456789!") << piece_bytes;
  }
}

TEST(ChunkedDecoder, GivesOneRunOfDataAStepAndViewsTheInput) {
  const std::string input = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  ChunkedDecoder decoder(Direction::kResponse);
  const auto first = decoder.step(input);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->data, "abc");
  EXPECT_EQ(first->data.data(), input.data() + 3);
  EXPECT_EQ(first->consumed, 6U);
  const auto second = decoder.step(std::string_view(input).substr(6));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->data, "de");
  const auto last = decoder.step(std::string_view(input).substr(6 + second->consumed));
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->data.empty());
  EXPECT_TRUE(decoder.done());
}

TEST(ChunkedDecoder, TakesNothingAfterTheEnd) {
  ChunkedDecoder decoder(Direction::kRequest);
  ASSERT_TRUE(decoder.step("0\r\n\r\n"));
  const auto step = decoder.step("5\r\n");
  ASSERT_TRUE(step);
  EXPECT_EQ(step->consumed, 0U);
  EXPECT_TRUE(decoder.done());
}

TEST(ChunkedDecoder, TakesASizeOf63BitsAndRefusesOneThatOverflows) {
  EXPECT_EQ(decode("7fffffffffffffff\r\nx").body, "x");
  EXPECT_NE(decode("8000000000000000\r\nx").error, "");
  EXPECT_NE(decode("ffffffffffffffff\r\nx").error, "");
  EXPECT_EQ(decode("0000000000000001\r\nx").body, "x");
  EXPECT_NE(decode("00000000000000001\r\nx").error, "");
}

TEST(ChunkedDecoder, RefusesWhatIsNotAChunk) {
  for (const char* input : {"\r\n",
                            "g\r\n",
                            " 5\r\n",
                            "5 \r\n",
                            "5\t\r\n",
                            "5\n",
                            "5\rx",
                            "0x5\r\n",
                            "5;\r\n",
                            "5;;a\r\n",
                            "5;a=\r\n",
                            "5;a=\"b\r\n",
                            "5;a=\"b\"c\r\n",
                            "5; a\r\n",
                            "5;a =b\r\n",
                            "5;a=b=c\r\n",
                            "5;a=\"b\\\r\n",
                            "1\r\nab",
                            "1\r\na\n",
                            "1\r\na\rb",
                            "0\r\n\n",
                            "0\r\n\rx",
                            "0\r\n: b\r\n",
                            "0\r\nA\r\n",
                            "0\r\nA : b\r\n",
                            "0\r\n A: b\r\n",
                            "0\r\nA: b\n",
                            "0\r\nA: b\rc",
                            "0\r\nA: \x01\r\n",
                            "0\r\ncontent-LENGTH: 1\r\n",
                            "0\r\nTransfer-Encoding: chunked\r\n"}) {
    EXPECT_NE(decode(input).error, "") << input;
    EXPECT_NE(decode(input, 1).error, "") << input;
  }
}

TEST(ChunkedDecoder, DropsTrailersWhoseNamesOnlyBeginLikeFramingFields) {
  EXPECT_TRUE(decode("0\r\nTransfer-Encodings: x\r\nContent-Length-X: 1\r\n\r\n").done);
}

TEST(ChunkedDecoder, TakesExtensionsUpToTheirLimit) {
  const auto with_extension = [](std::size_t bytes) {
    return "1;" + std::string(bytes - 1, 'e') + "\r\nx\r\n0\r\n\r\n";
  };
  EXPECT_TRUE(decode(with_extension(ChunkedDecoder::kExtensionBytesMax)).done);
  EXPECT_NE(decode(with_extension(ChunkedDecoder::kExtensionBytesMax + 1)).error, "");
}

TEST(ChunkedDecoder, RefusesABodyThatIsMostlyExtensions) {
  // 129 bytes for 1: each chunk adds 128, and the last has not given its byte yet.
  const std::string chunk = "1;" + std::string(128, 'e') + "\r\nx\r\n";
  const std::size_t fits = (ChunkedDecoder::kOverheadBytesMax - 1) / 128;
  std::string body;
  for (std::size_t i = 0; i < fits; ++i) body += chunk;
  EXPECT_EQ(decode(body).error, "");
  EXPECT_NE(decode(body + chunk).error, "");
}

TEST(ChunkedDecoder, TakesExtensionsThatTheDataOutweighs) {
  std::string body;
  for (int i = 0; i < 4096; ++i) body += "10;signature=0123\r\n0123456789abcdef\r\n";
  EXPECT_TRUE(decode(body + "0\r\n\r\n").done);
}

TEST(ChunkedDecoder, TakesAnyNumberOfSmallChunksWithoutExtensions) {
  std::string body;
  for (int i = 0; i < 100000; ++i) body += "1\r\nx\r\n";
  EXPECT_EQ(decode(body + "0\r\n\r\n").body.size(), 100000U);
}

TEST(ChunkedDecoder, TakesTrailersUpToTheirLimit) {
  // The empty line counts, too.
  const auto with_trailer = [](std::size_t bytes) {
    return "0\r\nA: " + std::string(bytes - 7, 'v') + "\r\n\r\n";
  };
  EXPECT_TRUE(decode(with_trailer(ChunkedDecoder::kTrailerBytesMax)).done);
  EXPECT_NE(decode(with_trailer(ChunkedDecoder::kTrailerBytesMax + 1)).error, "");
}

TEST(ChunkedDecoder, NamesThePeerThatIsToBlame) {
  ChunkedDecoder client(Direction::kRequest);
  const auto from_client = client.step("x");
  ASSERT_FALSE(from_client);
  EXPECT_EQ(from_client.error().kind, ErrorKind::kMalformedRequest);
  ChunkedDecoder upstream(Direction::kResponse);
  const auto from_upstream = upstream.step("x");
  ASSERT_FALSE(from_upstream);
  EXPECT_EQ(from_upstream.error().kind, ErrorKind::kUpstreamInvalidResponse);
}

}  // namespace
}  // namespace penstock::http
