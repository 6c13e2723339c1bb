#include "wire/apis/usage.h"

#include <gtest/gtest.h>

#include <optional>
#include <string_view>

namespace penstock::wire {
namespace {

std::optional<Usage> read_usage(std::string_view top) {
  return wire::read_usage(UsageTexts{.inner = {}, .top = top});
}

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

// https://platform.openai.com/docs/api-reference/chat/object
TEST(Usage, ReadsWhatWasCachedAndReasoned) {
  EXPECT_EQ(read_usage(R"({"prompt_tokens":19,"completion_tokens":10,"total_tokens":29,)"
                       R"("prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0},)"
                       R"("completion_tokens_details":{"reasoning_tokens":6,"audio_tokens":0}})"),
            (Usage{.prompt_tokens = 19,
                   .completion_tokens = 10,
                   .total_tokens = 29,
                   .cached_tokens = 4,
                   .reasoning_tokens = 6}));
}

// https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching: "total_input_tokens =
// cache_read_input_tokens + cache_creation_input_tokens + input_tokens"
TEST(Usage, AddsWhatMessagesCountApart) {
  EXPECT_EQ(read_usage(R"({"input_tokens":50,"cache_creation_input_tokens":248,)"
                       R"("cache_read_input_tokens":1800,"output_tokens":503,)"
                       R"("cache_creation":{"ephemeral_5m_input_tokens":148},)"
                       R"("service_tier":"standard"})"),
            (Usage{.prompt_tokens = 2098,
                   .completion_tokens = 503,
                   .total_tokens = 2601,
                   .cached_tokens = 1800,
                   .cache_write_tokens = 248}));
}

// Some services that translate repeat both.
TEST(Usage, DoesNotCountTwiceWhatIsStatedTwice) {
  const auto usage = read_usage(R"({"prompt_tokens":100,"cache_read_input_tokens":80,)"
                                R"("completion_tokens":1,"total_tokens":101})");
  EXPECT_EQ(usage->prompt_tokens, 100U);
  EXPECT_EQ(usage->cached_tokens, 80U);
}

TEST(Usage, TakesTheLastCountOfEachThatIsNotNull) {
  const auto usage = wire::read_usage(
      UsageTexts{.inner = R"({"input_tokens":10,"output_tokens":1,"cache_read_input_tokens":3})",
                 .top = R"({"input_tokens":null,"output_tokens":7})"});
  EXPECT_EQ(
      usage,
      (Usage{.prompt_tokens = 13, .completion_tokens = 7, .total_tokens = 20, .cached_tokens = 3}));
}

TEST(Usage, PassesOverDetailsThatAreNoCounts) {
  EXPECT_EQ(read_usage(R"({"prompt_tokens":2,"total_tokens":3,"cache_read_input_tokens":"x",)"
                       R"("prompt_tokens_details":{"cached_tokens":-1},)"
                       R"("completion_tokens_details":null})"),
            (Usage{.prompt_tokens = 2, .total_tokens = 3}));
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
