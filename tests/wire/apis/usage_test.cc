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

TEST(Usage, HasNoCountThatIsAbsentOrNull) {
  EXPECT_EQ(
      read_usage(R"({"prompt_tokens":7,"completion_tokens":null,"prompt_tokens_details":null,)"
                 R"("cache_read_input_tokens":null})"),
      Usage{.prompt_tokens = 7});
  EXPECT_EQ(read_usage("{}"), Usage{});
  // https://platform.openai.com/docs/api-reference/audio/json-object
  EXPECT_EQ(read_usage(R"({"type":"duration","seconds":26.4})"), Usage{.seconds = 27});
}

TEST(Usage, AddsTheTotalUpWhereItIsNotStated) {
  EXPECT_EQ(read_usage(R"({"prompt_tokens":7,"completion_tokens":2})")->total_tokens, 9U);
  EXPECT_EQ(read_usage(R"({"input_tokens":7,"output_tokens":0})")->total_tokens, 7U);
  EXPECT_EQ(read_usage(R"({"prompt_tokens":7,"completion_tokens":2,"total_tokens":30})"),
            (Usage{.prompt_tokens = 7, .completion_tokens = 2, .total_tokens = 30}));
}

// Rerankers: https://api.jina.ai/redoc, and vLLM before 0.11.
TEST(Usage, TakesATotalThatStandsAloneForThePrompt) {
  EXPECT_EQ(read_usage(R"({"total_tokens":56})"), (Usage{.prompt_tokens = 56, .total_tokens = 56}));
  EXPECT_EQ(read_usage(R"({"completion_tokens":6,"total_tokens":56})"),
            (Usage{.completion_tokens = 6, .total_tokens = 56}));
}

TEST(Usage, TakesNoCountThatIsAbsurd) {
  EXPECT_EQ(read_usage(R"({"total_tokens":1099511627776})")->total_tokens, 1099511627776U);
  EXPECT_EQ(read_usage(R"({"total_tokens":3.0})")->total_tokens, 3U);
  EXPECT_FALSE(read_usage(R"({"total_tokens":1099511627777})"));
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

// https://platform.openai.com/docs/api-reference/responses/object and audio/json-object
TEST(Usage, ReadsTheDetailsOfResponsesAndAudio) {
  EXPECT_EQ(read_usage(R"({"input_tokens":36,"input_tokens_details":{"cached_tokens":2},)"
                       R"("output_tokens":87,"output_tokens_details":{"reasoning_tokens":9},)"
                       R"("total_tokens":123})"),
            (Usage{.prompt_tokens = 36,
                   .completion_tokens = 87,
                   .total_tokens = 123,
                   .cached_tokens = 2,
                   .reasoning_tokens = 9}));
  EXPECT_EQ(
      read_usage(R"({"type":"tokens","input_tokens":14,"output_tokens":101,)"
                 R"("input_token_details":{"text_tokens":10,"cached_tokens":4},)"
                 R"("total_tokens":115})"),
      (Usage{
          .prompt_tokens = 14, .completion_tokens = 101, .total_tokens = 115, .cached_tokens = 4}));
}

// https://openrouter.ai/docs/use-cases/usage-accounting,
// https://api-docs.deepseek.com/guides/kv_cache, https://platform.moonshot.ai/docs/api/chat
TEST(Usage, ReadsWhatWasCachedInTheSpellingsOfSingleServices) {
  EXPECT_EQ(read_usage(R"({"prompt_tokens":194,"completion_tokens":2,"total_tokens":196,)"
                       R"("prompt_tokens_details":{"cached_tokens":40,"cache_write_tokens":100}})"),
            (Usage{.prompt_tokens = 194,
                   .completion_tokens = 2,
                   .total_tokens = 196,
                   .cached_tokens = 40,
                   .cache_write_tokens = 100}));
  EXPECT_EQ(read_usage(R"({"prompt_tokens":9,"prompt_cache_hit_tokens":4})")->cached_tokens, 4U);
  EXPECT_EQ(read_usage(R"({"prompt_tokens":9,"cached_tokens":0})")->cached_tokens, 0U);
}

// https://docs.x.ai/docs/guides/reasoning: the total is the sum of the three.
TEST(Usage, CountsReasoningAsCompletionWhereTheServiceCountsItApart) {
  EXPECT_EQ(read_usage(R"({"prompt_tokens":32,"completion_tokens":9,"total_tokens":135,)"
                       R"("completion_tokens_details":{"reasoning_tokens":94}})"),
            (Usage{.prompt_tokens = 32,
                   .completion_tokens = 103,
                   .total_tokens = 135,
                   .reasoning_tokens = 94}));
}

// https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching: "total_input_tokens =
// cache_read_input_tokens + cache_creation_input_tokens + input_tokens"
TEST(Usage, AddsWhatMessagesCountApart) {
  EXPECT_EQ(
      read_usage(
          R"({"input_tokens":50,"cache_creation_input_tokens":248,)"
          R"("cache_read_input_tokens":1800,"output_tokens":503,)"
          R"("cache_creation":{"ephemeral_5m_input_tokens":148,"ephemeral_1h_input_tokens":100},)"
          R"("service_tier":"standard"})"),
      (Usage{.prompt_tokens = 2098,
             .completion_tokens = 503,
             .total_tokens = 2601,
             .cached_tokens = 1800,
             .cache_write_tokens = 248,
             .cache_write_1h_tokens = 100}));
}

TEST(Usage, AddsUpTheCachesOfMessagesWhereTheirSumIsNotStated) {
  EXPECT_EQ(read_usage(R"({"input_tokens":5,"output_tokens":1,"cache_creation":)"
                       R"({"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":300},)"
                       R"("output_tokens_details":{"thinking_tokens":1}})"),
            (Usage{.prompt_tokens = 325,
                   .completion_tokens = 1,
                   .total_tokens = 326,
                   .cache_write_tokens = 320,
                   .reasoning_tokens = 1,
                   .cache_write_1h_tokens = 300}));
}

TEST(Usage, AddsWhatIsCachedToAPromptThatCannotContainIt) {
  EXPECT_EQ(read_usage(R"({"prompt_tokens":10,"completion_tokens":1,"prompt_tokens_details":)"
                       R"({"cached_tokens":80,"cache_write_tokens":5}})"),
            (Usage{.prompt_tokens = 95,
                   .completion_tokens = 1,
                   .total_tokens = 96,
                   .cached_tokens = 80,
                   .cache_write_tokens = 5}));
}

// https://platform.openai.com/docs/guides/audio
TEST(Usage, ReadsPartsThatHavePricesOfTheirOwn) {
  const auto usage = read_usage(
      R"({"prompt_tokens":90,"completion_tokens":50,)"
      R"("prompt_tokens_details":{"audio_tokens":60,"image_tokens":20,"cached_tokens":0},)"
      R"("completion_tokens_details":{"audio_tokens":40,"image_tokens":5}})");
  EXPECT_EQ(usage->prompt_audio_tokens, 60U);
  EXPECT_EQ(usage->prompt_image_tokens, 20U);
  EXPECT_EQ(usage->completion_audio_tokens, 40U);
  EXPECT_EQ(usage->completion_image_tokens, 5U);
}

TEST(Usage, CountsSearches) {
  EXPECT_EQ(
      read_usage(R"({"input_tokens":1,"server_tool_use":{"web_search_requests":3}})")->searches,
      3U);
  EXPECT_EQ(read_usage(R"({"prompt_tokens":1,"num_search_queries":2})")->searches, 2U);
}

// Case 30 of the keys and limits: the tier is that of the answer.
TEST(Usage, ReadsTheServiceTierOfMessages) {
  const auto tier = [](std::string_view text) { return read_usage(text)->service_tier; };
  EXPECT_EQ(tier(R"({"input_tokens":1,"service_tier":"priority"})"), ServiceTier::kPriority);
  EXPECT_EQ(tier(R"({"input_tokens":1,"service_tier":"batch"})"), ServiceTier::kBatch);
  EXPECT_EQ(tier(R"({"input_tokens":1,"service_tier":"standard"})"), ServiceTier::kStandard);
  EXPECT_EQ(tier(R"({"input_tokens":1,"service_tier":"of tomorrow"})"), ServiceTier::kStandard);
  EXPECT_EQ(tier(R"({"input_tokens":1,"service_tier":null})"), ServiceTier::kStandard);
}

TEST(Usage, TakesNoCacheForThePromptThatItBelongsTo) {
  EXPECT_EQ(read_usage(R"({"output_tokens":3,"cache_read_input_tokens":80})"),
            (Usage{.completion_tokens = 3, .cached_tokens = 80}));
}

// Some services that translate state a count by both names, one of them as 0.
TEST(Usage, TakesTheNameThatIsNotZeroOfTwoForTheSameCount) {
  const Usage expected{.prompt_tokens = 50, .completion_tokens = 3, .total_tokens = 53};
  EXPECT_EQ(read_usage(R"({"prompt_tokens":50,"completion_tokens":3,"total_tokens":53,)"
                       R"("input_tokens":0,"output_tokens":0,"input_tokens_details":null})"),
            expected);
  EXPECT_EQ(read_usage(R"({"prompt_tokens":0,"completion_tokens":0,"total_tokens":53,)"
                       R"("input_tokens":50,"output_tokens":3})"),
            expected);
}

// Some services that translate repeat both.
TEST(Usage, DoesNotCountTwiceWhatIsStatedTwice) {
  const auto usage = read_usage(R"({"prompt_tokens":100,"cache_read_input_tokens":80,)"
                                R"("completion_tokens":1,"total_tokens":101})");
  EXPECT_EQ(usage->prompt_tokens, 100U);
  EXPECT_EQ(usage->cached_tokens, 80U);
}

TEST(Usage, TakesInputThatStatesItsCachedPartToContainIt) {
  const auto usage = read_usage(R"({"input_tokens":50,"input_tokens_details":{"cached_tokens":40},)"
                                R"("cache_read_input_tokens":40,"output_tokens":1})");
  EXPECT_EQ(usage->prompt_tokens, 50U);
  EXPECT_EQ(usage->cached_tokens, 40U);
}

TEST(Usage, TakesNoCountsFromDeeperInside) {
  EXPECT_EQ(read_usage(R"({"prompt_tokens":2,"prompt_tokens_details":{"completion_tokens_details":)"
                       R"({"reasoning_tokens":9},"prompt_tokens":7},"x":{"cached_tokens":3}})"),
            Usage{.prompt_tokens = 2});
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
