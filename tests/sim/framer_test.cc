#include "sim/framer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/chunked.h"

namespace penstock::sim {
namespace {

using http::Version;

struct Framed {
  std::string fields;
  std::string body;
};

Framed frame(BodyFraming framing, std::optional<std::size_t> body_bytes, std::uint64_t piece = 0,
             Version version = Version::kHttp11) {
  Behaviour behaviour;
  behaviour.framing = framing;
  behaviour.piece_bytes_max = piece;
  Framer framer(behaviour, version, body_bytes);
  Framed framed;
  framer.append_fields(framed.fields);
  framer.append_data(framed.body, "hello ");
  framer.append_data(framed.body, "world");
  framer.append_end(framed.body);
  return framed;
}

TEST(Framer, ChoosesTheNaturalFraming) {
  EXPECT_EQ(frame(BodyFraming::kNatural, 11).fields, "Content-Length: 11\r\n");
  EXPECT_EQ(frame(BodyFraming::kNatural, 11).body, "hello world");
  EXPECT_EQ(frame(BodyFraming::kNatural, {}).fields, "Transfer-Encoding: chunked\r\n");
  EXPECT_EQ(frame(BodyFraming::kNatural, {}).body, "6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n");
}

TEST(Framer, SendsNoChunksToAnOldClient) {
  const Framed framed = frame(BodyFraming::kNatural, {}, 0, Version::kHttp10);
  EXPECT_EQ(framed.fields, "");
  EXPECT_EQ(framed.body, "hello world");
}

TEST(Framer, CutsChunksWithoutLosingAByte) {
  const Framed framed = frame(BodyFraming::kChunked, 11, 3);
  http::ChunkedDecoder decoder(http::Direction::kResponse);
  std::string_view input = framed.body;
  std::string decoded;
  std::size_t chunks = 0;
  while (!decoder.done()) {
    ASSERT_FALSE(input.empty());
    const auto step = decoder.step(input);
    ASSERT_TRUE(step);
    decoded.append(step->data);
    if (!step->data.empty()) ++chunks;
    EXPECT_LE(step->data.size(), 3U);
    input.remove_prefix(step->consumed);
  }
  EXPECT_EQ(decoded, "hello world");
  EXPECT_GE(chunks, 4U);
}

TEST(Framer, BreaksTheFramingAsItIsTold) {
  EXPECT_THAT(frame(BodyFraming::kBadChunk, {}).body,
              testing::StartsWith("6\r\nhello \r\nxyz\r\nworld\r\n"));
  EXPECT_EQ(frame(BodyFraming::kShortBody, 11).fields, "Content-Length: 12\r\n");
  EXPECT_EQ(frame(BodyFraming::kLengthAndChunked, 11).fields,
            "Content-Length: 11\r\nTransfer-Encoding: chunked\r\n");
  EXPECT_THAT(frame(BodyFraming::kExtraBytes, 11).body, testing::StartsWith("hello worldHTTP/1.1"));
  EXPECT_EQ(frame(BodyFraming::kUntilClose, 11).fields, "");
}

}  // namespace
}  // namespace penstock::sim
