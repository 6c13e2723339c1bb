// How much text answers have.

#include "wire/bodies/text_meter.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace penstock::wire {
namespace {

using Body = TextMeter::Body;

TextSize size_of(std::string_view text, Api api, Body body,
                 std::size_t piece_bytes = std::string::npos) {
  TextMeter meter(api, body);
  for (std::size_t at = 0; at < text.size(); at += std::min(piece_bytes, text.size() - at)) {
    meter.take(text.substr(at, piece_bytes));
  }
  return meter.size();
}

constexpr std::string_view kWholeChat =
    R"({"id":"chatcmpl-1","model":"m","choices":[{"message":{"role":"assistant",)"
    R"("content":"Grüße \"you\"","tool_calls":[{"function":{"name":"f",)"
    R"("arguments":"{\"a\":1}"}}]}}]})";

TEST(TextMeter, CountsWhatTheModelHasWritten) {
  const TextSize size = size_of(kWholeChat, Api::kCompletions, Body::kWhole);
  EXPECT_EQ(size.ascii_bytes,
            std::string_view(R"(Gre \"you\")").size() + std::string_view(R"({\"a\":1})").size());
  EXPECT_EQ(size.other_bytes, 4U);
}

TEST(TextMeter, CountsTheSameHoweverTheAnswerIsSplit) {
  const TextSize whole = size_of(kWholeChat, Api::kCompletions, Body::kWhole);
  for (std::size_t bytes = 1; bytes < kWholeChat.size(); ++bytes) {
    const TextSize split = size_of(kWholeChat, Api::kCompletions, Body::kWhole, bytes);
    ASSERT_EQ(split.ascii_bytes, whole.ascii_bytes) << bytes;
    ASSERT_EQ(split.other_bytes, whole.other_bytes) << bytes;
  }
}

TEST(TextMeter, CountsTheDeltasOfStreams) {
  EXPECT_EQ(size_of("data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\n"
                    "data: {\"choices\":[{\"delta\":{\"content\":\" you\"}}]}\n\ndata: [DONE]\n\n",
                    Api::kCompletions, Body::kEvents)
                .ascii_bytes,
            9U);
  EXPECT_EQ(size_of("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":"
                    "{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n",
                    Api::kMessages, Body::kEvents)
                .ascii_bytes,
            5U);
}

TEST(TextMeter, CountsOnceWhatAStreamOfResponsesRepeats) {
  EXPECT_EQ(size_of("data: {\"type\":\"response.output_text.delta\",\"delta\":\"Hello\"}\n\n"
                    "data: {\"type\":\"response.output_text.done\",\"text\":\"Hello\"}\n\n"
                    "data: {\"type\":\"response.completed\",\"response\":{\"output\":[{\"content\":"
                    "[{\"text\":\"Hello\"}]}]}}\n\n",
                    Api::kResponses, Body::kEvents)
                .ascii_bytes,
            5U);
}

TEST(TextMeter, CountsNoNamesIdsAndOtherStrings) {
  EXPECT_EQ(size_of(R"({"id":"content","content":null,"text":7,"x":["content","text"]})",
                    Api::kCompletions, Body::kWhole)
                .ascii_bytes,
            0U);
}

TEST(TextMeter, TakesAnyBytes) {
  std::string noise;
  for (int i = 0; i < 10'000; ++i) noise += static_cast<char>(i * 37);
  EXPECT_EQ(size_of(noise, Api::kCompletions, Body::kWhole, 7).other_bytes, 0U);
}

}  // namespace
}  // namespace penstock::wire
