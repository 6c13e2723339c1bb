// Costs, computed by hand from what the services publish.

#include "prices/price.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>

#include "prices/price_table.h"
#include "wire/apis/usage.h"

namespace penstock::prices {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

constexpr std::string_view kFile = R"({
  "gpt": {"input_cost_per_token": 5e-06, "output_cost_per_token": 3e-05,
          "cache_read_input_token_cost": 5e-07, "cache_creation_input_token_cost": 6.25e-06,
          "input_cost_per_token_flex": 2.5e-06, "output_cost_per_token_flex": 1.5e-05,
          "input_cost_per_token_priority": 1.25e-05, "output_cost_per_token_priority": 7.5e-05,
          "input_cost_per_token_batches": 2.5e-06, "output_cost_per_token_batches": 1.5e-05},
  "claude": {"input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05,
             "cache_read_input_token_cost": 3e-07, "cache_creation_input_token_cost": 3.75e-06,
             "cache_creation_input_token_cost_above_1hr": 6e-06,
             "input_cost_per_token_above_200k_tokens": 6e-06,
             "output_cost_per_token_above_200k_tokens": 2.25e-05,
             "cache_read_input_token_cost_above_200k_tokens": 6e-07},
  "grok": {"input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05},
  "gemini": {"input_cost_per_token": 1.25e-06, "output_cost_per_token": 1e-05,
             "output_cost_per_reasoning_token": 1.2e-05},
  "tiered": {"tiered_pricing": [
      {"range": [0, 256000.0], "input_cost_per_token": 5e-08, "output_cost_per_token": 4e-07},
      {"range": [256000.0, 1e6], "input_cost_per_token": 2.5e-07, "output_cost_per_token": 2e-06}]},
  "audio": {"input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06,
            "input_cost_per_audio_token": 4e-05, "output_cost_per_audio_token": 8e-05},
  "whisper": {"input_cost_per_second": 0.0001, "output_cost_per_second": 0.0001},
  "rerank": {"input_cost_per_query": 0.002, "input_cost_per_token": 0.0},
  "searcher": {"input_cost_per_token": 1e-06, "output_cost_per_token": 1e-06,
               "search_context_cost_per_query": {"search_context_size_medium": 0.008}},
  "fine": {"input_cost_per_token": 1e-12, "output_cost_per_token": 0},
  "dear": {"input_cost_per_token": 100000, "output_cost_per_token": 100000}
})";

PriceTable table_of(std::string_view file) {
  auto table = PriceTable::read(file);
  EXPECT_TRUE(table) << (table ? "" : table.error().message);
  return table ? std::move(*table) : PriceTable();
}

std::int64_t cost_of(std::string_view model, const wire::Usage& usage) {
  static const PriceTable kTable = table_of(kFile);
  const Price* const price = kTable.find("", "", model);
  EXPECT_NE(price, nullptr) << model;
  return price == nullptr ? -1 : cost(*price, usage).value_or(-1);
}

std::int64_t cost_of(std::string_view model, std::string_view usage) {
  return cost_of(model, wire::read_usage({.inner = {}, .top = usage}).value());
}

// Case 28: 7000 × 5 + 2000 × 0.5 + 1000 × 6.25 + 500 × 30 micro-dollars.
TEST(Cost, IsThatOfCachedAndWrittenTokensOfOpenAi) {
  EXPECT_EQ(cost_of("gpt", R"({"prompt_tokens":10000,"completion_tokens":500,)"
                           R"("total_tokens":10500,"prompt_tokens_details":)"
                           R"({"cached_tokens":2000,"cache_write_tokens":1000}})"),
            57'250);
}

// Case 28: 50 × 3 + 1800 × 0.3 + 148 × 3.75 + 100 × 6 + 503 × 15.
TEST(Cost, IsThatOfWritesForMinutesAndForAnHourOfAnthropic) {
  EXPECT_EQ(cost_of("claude", R"({"input_tokens":50,"cache_creation_input_tokens":248,)"
                              R"("cache_read_input_tokens":1800,"output_tokens":503,)"
                              R"("cache_creation":{"ephemeral_5m_input_tokens":148,)"
                              R"("ephemeral_1h_input_tokens":100}})"),
            9'390);
}

// Case 28: 32 × 3 + (9 + 94) × 15.
TEST(Cost, ChargesReasoningOfXaiThatItsCompletionDoesNotContain) {
  EXPECT_EQ(cost_of("grok", R"({"prompt_tokens":32,"completion_tokens":9,"total_tokens":135,)"
                            R"("completion_tokens_details":{"reasoning_tokens":94}})"),
            1'641);
}

// Case 28: 100 × 1.25 + (20 + 80) × 10, with the thoughts in the total alone; then 80 of them × 12.
TEST(Cost, ChargesThoughtsOfGemini) {
  EXPECT_EQ(cost_of("gemini", R"({"prompt_tokens":100,"completion_tokens":20,"total_tokens":200})"),
            1'125);
  EXPECT_EQ(cost_of("gemini", R"({"prompt_tokens":100,"completion_tokens":20,"total_tokens":200,)"
                              R"("completion_tokens_details":{"reasoning_tokens":80}})"),
            1'285);
}

// Case 29.
TEST(Cost, IsThatOfTheHigherTierForTheWholeRequest) {
  EXPECT_EQ(cost_of("claude", {.prompt_tokens = 199'999, .completion_tokens = 10}), 600'147);
  EXPECT_EQ(cost_of("claude", {.prompt_tokens = 200'000, .completion_tokens = 10}), 600'150);
  EXPECT_EQ(cost_of("claude", {.prompt_tokens = 200'001, .completion_tokens = 10}), 1'200'231);
  // What is cached counts for the tier: 1 × 6 + 200,000 × 0.6.
  EXPECT_EQ(cost_of("claude", {.prompt_tokens = 200'001, .cached_tokens = 200'000}), 120'006);
}

TEST(Cost, KnowsTiersThatAreGivenAsRanges) {
  EXPECT_EQ(cost_of("tiered", {.prompt_tokens = 256'000, .completion_tokens = 1000}), 13'200);
  EXPECT_EQ(cost_of("tiered", {.prompt_tokens = 256'001, .completion_tokens = 1000}), 66'001);
}

// Case 30.
TEST(Cost, IsThatOfTheServiceTierOfTheAnswer) {
  const auto in_tier = [](wire::ServiceTier tier) {
    return cost_of("gpt", {.prompt_tokens = 1000, .completion_tokens = 100, .service_tier = tier});
  };
  EXPECT_EQ(in_tier(wire::ServiceTier::kStandard), 8'000);
  EXPECT_EQ(in_tier(wire::ServiceTier::kFlex), 4'000);
  EXPECT_EQ(in_tier(wire::ServiceTier::kBatch), 4'000);
  EXPECT_EQ(in_tier(wire::ServiceTier::kPriority), 20'000);
  // Nothing is stated: as the standard tier.
  EXPECT_EQ(in_tier(wire::ServiceTier::kUltrafast), 8'000);
}

TEST(Cost, OfATierTakesTheDearerOfWhatIsStatedInItsPlace) {
  const PriceTable table = table_of(R"({"m": {"input_cost_per_token": 1e-06,
      "input_cost_per_token_priority": 5e-06, "input_cost_per_token_flex": 5e-07,
      "input_cost_per_token_above_200k_tokens": 2e-06}})");
  const Price& price = *table.find("", "", "m");
  const auto rate = [&](wire::ServiceTier tier) {
    return price.rates(200'001, tier)[static_cast<std::size_t>(Item::kInput)];
  };
  EXPECT_EQ(rate(wire::ServiceTier::kStandard), 2'000'000);
  EXPECT_EQ(rate(wire::ServiceTier::kPriority), 5'000'000);
  EXPECT_EQ(rate(wire::ServiceTier::kFlex), 2'000'000);
}

TEST(Cost, ChargesAudioApart) {
  EXPECT_EQ(cost_of("audio", {.prompt_tokens = 90,
                              .completion_tokens = 50,
                              .prompt_audio_tokens = 60,
                              .completion_audio_tokens = 40}),
            30 + 60 * 40 + 10 * 2 + 40 * 80);
  // Without a price of its own, as other tokens.
  EXPECT_EQ(cost_of("grok", {.prompt_tokens = 90, .prompt_audio_tokens = 60}), 270);
}

TEST(Cost, ChargesSecondsSearchesAndQueries) {
  EXPECT_EQ(cost_of("whisper", R"({"type":"duration","seconds":26.4})"), 2'700);
  EXPECT_EQ(cost_of("searcher", {.prompt_tokens = 10, .searches = 3}), 24'010);
  EXPECT_EQ(cost_of("rerank", {.total_tokens = 56}), 2'000);
  EXPECT_EQ(cost_of("rerank", {.total_tokens = 56, .searches = 2}), 4'000);
}

TEST(Cost, IsRoundedUpOnceAtTheEnd) {
  EXPECT_EQ(cost_of("fine", {.prompt_tokens = 0}), 0);
  EXPECT_EQ(cost_of("fine", {.prompt_tokens = 1}), 1);
  EXPECT_EQ(cost_of("fine", {.prompt_tokens = 1'000'000}), 1);
  EXPECT_EQ(cost_of("fine", {.prompt_tokens = 1'000'001}), 2);
}

TEST(Cost, IsUnknownWhereTheUsageStatesNothing) {
  const PriceTable table = table_of(kFile);
  EXPECT_EQ(cost(*table.find("", "", "gpt"), {}), std::nullopt);
}

TEST(Cost, Saturates) {
  constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(cost_of("dear", {.prompt_tokens = kAll,
                             .completion_tokens = kAll,
                             .cached_tokens = kAll,
                             .cache_write_tokens = kAll,
                             .searches = kAll}),
            kMost);
}

TEST(EstimatedCost, IsThatOfTheTierOfTheInput) {
  const PriceTable table = table_of(kFile);
  const Price& price = *table.find("", "", "claude");
  EXPECT_EQ(estimated_cost(price, 1000, 100), 4'500);
  EXPECT_EQ(estimated_cost(price, 200'001, 10), 1'200'231);
}

// Random prices, dearer in each higher tier, and random usage to which tokens are added.
class CostProperty : public testing::Test {
 protected:
  std::uint64_t up_to(std::uint64_t most) { return random_() % (most + 1); }

  Price random_price() {
    std::vector<StatedBand> bands(1 + up_to(2));
    StatedRates rates{};
    for (std::size_t i = 0; i < bands.size(); ++i) {
      bands[i].above = i * 1000;
      // Kinds of input do not become cheaper than what they are part of by one more token.
      for (auto& rate : rates) {
        if (rate || i == 0) rate = rate.value_or(0) + static_cast<std::int64_t>(up_to(1'000'000));
      }
      bands[i].tiers[0] = rates;
    }
    return *Price::of(std::move(bands));
  }

  wire::Usage random_usage() {
    const std::uint64_t most = 1ULL << up_to(40);
    return {.prompt_tokens = up_to(most),
            .completion_tokens = up_to(most),
            .cached_tokens = up_to(most),
            .cache_write_tokens = up_to(most),
            .reasoning_tokens = up_to(most),
            .cache_write_1h_tokens = up_to(most),
            .prompt_audio_tokens = up_to(most),
            .prompt_image_tokens = up_to(most)};
  }

  std::mt19937_64 random_{20261201};
};

TEST_F(CostProperty, NeverFallsWithMoreTokensAndNeverOverflows) {
  for (int round = 0; round < 20'000; ++round) {
    const Price price = random_price();
    const wire::Usage usage = random_usage();
    const std::int64_t before = cost(price, usage).value();
    EXPECT_GE(before, 0);
    wire::Usage more = usage;
    // More of the prompt that is in no part of it, and more completion.
    const std::uint64_t parts = *usage.cached_tokens + *usage.cache_write_tokens +
                                usage.prompt_audio_tokens + usage.prompt_image_tokens;
    more.prompt_tokens = std::max(*usage.prompt_tokens, parts) + up_to(1000);
    more.completion_tokens = *usage.completion_tokens + up_to(1000);
    EXPECT_GE(cost(price, more).value(), before) << "round " << round;
  }
}

}  // namespace
}  // namespace penstock::prices
