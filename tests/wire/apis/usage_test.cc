#include "wire/apis/usage.h"

#include <gtest/gtest.h>

namespace penstock::wire {
namespace {

TEST(Usage, ReadsTheCounts) {
  const auto usage = read_usage(R"({"prompt_tokens":12,"completion_tokens":0,"total_tokens":12,)"
                                R"("prompt_tokens_details":{"cached_tokens":3},"cost":0.5})");
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->prompt_tokens, 12U);
  EXPECT_EQ(usage->completion_tokens, 0U);
  EXPECT_EQ(usage->total_tokens, 12U);
}

TEST(Usage, TakesAbsentCountsForZero) {
  const auto usage = read_usage(R"({"prompt_tokens":7,"completion_tokens":null})");
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->prompt_tokens, 7U);
  EXPECT_EQ(usage->completion_tokens, 0U);
  EXPECT_EQ(usage->total_tokens, 0U);
  EXPECT_TRUE(read_usage("{}"));
}

TEST(Usage, ReadsUpToTheLargestWholeNumberOfADouble) {
  EXPECT_EQ(read_usage(R"({"total_tokens":9007199254740992})")->total_tokens, 9007199254740992U);
  EXPECT_EQ(read_usage(R"({"total_tokens":3.0})")->total_tokens, 3U);
  EXPECT_FALSE(read_usage(R"({"total_tokens":9007199254740994})"));
}

TEST(Usage, KnowsAKeyThatIsSpelledWithEscapes) {
  EXPECT_EQ(
      read_usage(R"( {"total\u005ftokens" : 3 , "a\n":[1,{"total_tokens":5}]} )")->total_tokens,
      3U);
  EXPECT_FALSE(read_usage(R"({"total\u005tokens":3})"));
}

TEST(Usage, GivesNothingForAnythingElse) {
  for (const char* text : {"",
                           "null",
                           "[]",
                           "12",
                           "{",
                           R"({"total_tokens":})",
                           R"({"total_tokens":-1})",
                           R"({"total_tokens":1.5})",
                           R"({"total_tokens":"3"})",
                           R"({"total_tokens":{}})",
                           R"({"total_tokens":true})",
                           R"({"total_tokens":1e400})",
                           R"({"prompt_tokens":-0.5})",
                           R"({"completion_tokens":18446744073709551615})",
                           R"({"total_tokens":inf})",
                           R"({"total_tokens":nan})",
                           R"({"total_tokens":0x10})",
                           R"({"total_tokens":1.})",
                           R"({"total_tokens":1 2})",
                           R"({"total_tokens":1,})",
                           R"({"total_tokens")",
                           R"({,})",
                           "{\"a\":\"\xFF\"}",
                           "{} x"}) {
    EXPECT_FALSE(read_usage(text)) << text;
  }
}

}  // namespace
}  // namespace penstock::wire
