#include "wire/usage.h"

#include <gtest/gtest.h>

namespace penstock::wire {
namespace {

std::optional<Usage> parse_usage(std::string_view object) {
  UsageReader reader;
  return reader.read(object);
}

TEST(Usage, ReadsTheCounts) {
  const auto usage = parse_usage(R"({"prompt_tokens":12,"completion_tokens":0,"total_tokens":12,)"
                                 R"("prompt_tokens_details":{"cached_tokens":3},"cost":0.5})");
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->prompt_tokens, 12U);
  EXPECT_EQ(usage->completion_tokens, 0U);
  EXPECT_EQ(usage->total_tokens, 12U);
}

TEST(Usage, TakesAbsentCountsForZero) {
  const auto usage = parse_usage(R"({"prompt_tokens":7,"completion_tokens":null})");
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->prompt_tokens, 7U);
  EXPECT_EQ(usage->completion_tokens, 0U);
  EXPECT_EQ(usage->total_tokens, 0U);
  EXPECT_TRUE(parse_usage("{}"));
}

TEST(Usage, ReadsUpToTheLargestWholeNumberOfADouble) {
  EXPECT_EQ(parse_usage(R"({"total_tokens":9007199254740992})")->total_tokens, 9007199254740992U);
  EXPECT_EQ(parse_usage(R"({"total_tokens":3.0})")->total_tokens, 3U);
  EXPECT_FALSE(parse_usage(R"({"total_tokens":9007199254740994})"));
}

TEST(Usage, IsReadAnewAfterEachObject) {
  UsageReader reader;
  EXPECT_EQ(reader.read(R"({"total_tokens":3})")->total_tokens, 3U);
  EXPECT_FALSE(reader.read("{"));
  EXPECT_EQ(reader.read(R"({"prompt_tokens":1})")->total_tokens, 0U);
  const std::string longest(UsageReader::kBytesMax - 2, ' ');
  EXPECT_TRUE(reader.read("{" + longest + "}"));
  EXPECT_FALSE(reader.read("{ " + longest + "}"));
}

TEST(Usage, GivesNothingForAnythingElse) {
  for (const char* text :
       {"", "null", "[]", "12", "{", R"({"total_tokens":})", R"({"total_tokens":-1})",
        R"({"total_tokens":1.5})", R"({"total_tokens":"3"})", R"({"total_tokens":{}})",
        R"({"total_tokens":true})", R"({"total_tokens":1e400})", R"({"prompt_tokens":-0.5})",
        R"({"completion_tokens":18446744073709551615})", "{\"a\":\"\xFF\"}", "{} x"}) {
    EXPECT_FALSE(parse_usage(text)) << text;
  }
}

}  // namespace
}  // namespace penstock::wire
