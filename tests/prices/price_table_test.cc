#include "prices/price_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace penstock::prices {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

PriceTable named_table(std::string_view file, const std::vector<config::OwnPrice>& own = {}) {
  auto table = PriceTable::read(file, own);
  EXPECT_TRUE(table) << (table ? "" : table.error().message);
  return table ? std::move(*table) : PriceTable();
}

// Micro-dollars for a million tokens of input; -1: unpriced.
std::int64_t input_price(const PriceTable& table, std::string_view provider,
                         std::string_view model) {
  const Price* const price = table.find(provider, provider, model);
  if (price == nullptr) return -1;
  return price->rates(0, wire::ServiceTier::kStandard)[static_cast<std::size_t>(Item::kInput)];
}

std::string message_of(std::string_view file) {
  const auto table = PriceTable::read(file);
  return table ? "" : table.error().message;
}

constexpr std::string_view kNames = R"({
  "sample_spec": {"input_cost_per_token": "a number"},
  "_snapshot": {"date": "2026-12-01"},
  "gpt": {"input_cost_per_token": 1e-06},
  "azure/gpt": {"input_cost_per_token": 2e-06},
  "together_ai/org/llama": {"input_cost_per_token": 3e-06},
  "gpt-2026-04-23": {"input_cost_per_token": 4e-06},
  "claude": {"input_cost_per_token": 5e-06},
  "picture": {"output_cost_per_image": 0.04},
  "free": {"input_cost_per_token": 0, "output_cost_per_token": 0.0}
})";

// Case 32: the same model under several names.
TEST(PriceTable, TakesTheNameWithTheProviderBeforeTheBareOne) {
  const PriceTable table = named_table(kNames);
  EXPECT_EQ(input_price(table, "remote::openai", "gpt"), 1'000'000);
  EXPECT_EQ(input_price(table, "remote::azure", "gpt"), 2'000'000);
  EXPECT_EQ(input_price(table, "azure", "gpt"), 2'000'000);
  EXPECT_EQ(input_price(table, "remote::together", "org/llama"), 3'000'000);
  EXPECT_EQ(input_price(table, "remote::passthrough", "azure/gpt"), 2'000'000);
}

TEST(PriceTable, LooksForANameWithoutItsDateLast) {
  const PriceTable table = named_table(kNames);
  EXPECT_EQ(input_price(table, "openai", "gpt-2026-04-23"), 4'000'000);
  EXPECT_EQ(input_price(table, "openai", "gpt-2026-09-09"), 1'000'000);
  EXPECT_EQ(input_price(table, "anthropic", "claude-20260909"), 5'000'000);
  EXPECT_EQ(input_price(table, "anthropic", "claude@20260909"), 5'000'000);
  EXPECT_EQ(input_price(table, "anthropic", "claude-2026090"), -1);
  EXPECT_EQ(input_price(table, "anthropic", "-20260909"), -1);
}

// Case 31: what is unpriced is not free.
TEST(PriceTable, TellsAModelWithoutAPriceFromOneThatIsFree) {
  const PriceTable table = named_table(kNames);
  EXPECT_EQ(table.find("", "openai", "unknown"), nullptr);
  EXPECT_EQ(table.find("", "openai", "picture"), nullptr);
  EXPECT_EQ(table.find("", "openai", "sample_spec"), nullptr);
  EXPECT_EQ(input_price(table, "openai", "free"), 0);
}

TEST(PriceTable, TakesTheOperatorsOwnPricesFirst) {
  const PriceTable table =
      named_table(kNames, {{.model = "gpt", .input = 7, .output = 8, .cached_input = 1},
                           {.model = "mine/org/llama", .input = 9, .output = 0}});
  EXPECT_EQ(input_price(table, "remote::azure", "gpt"), 7);
  EXPECT_EQ(input_price(table, "mine", "org/llama"), 9);
  EXPECT_EQ(input_price(table, "together", "org/llama"), 3'000'000);
  // 1 pico-dollar for a token is 1 micro-dollar for a million.
  EXPECT_EQ(cost(*table.find("", "x", "gpt"), {.prompt_tokens = 1'000'000}), 7);
  EXPECT_EQ(
      cost(*table.find("", "x", "gpt"), {.prompt_tokens = 1'000'000, .cached_tokens = 1'000'000}),
      1);
}

TEST(PriceTable, KnowsItsDearestPrice) {
  EXPECT_EQ(PriceTable().dearest(), nullptr);
  const PriceTable file = named_table(kNames);
  EXPECT_EQ(file.dearest(), file.find("", "", "claude"));
  const PriceTable own = named_table(
      kNames, {{.model = "a", .input = 1, .output = 5}, {.model = "b", .input = 3, .output = 1}});
  EXPECT_EQ(own.dearest(), own.find("", "", "a"));
}

TEST(PriceTable, ReadsDecimalTextExactly) {
  const PriceTable table = named_table(R"({"a": {"input_cost_per_token": 1.25e-06},
      "b": {"input_cost_per_token": 0.00000125}, "c": {"input_cost_per_token": 5.46875e-07},
      "d": {"input_cost_per_token": 2.44141e-10}, "e": {"input_cost_per_token": 1e-40}})");
  EXPECT_EQ(input_price(table, "", "a"), 1'250'000);
  EXPECT_EQ(input_price(table, "", "b"), 1'250'000);
  EXPECT_EQ(input_price(table, "", "c"), 546'875);
  // Half a pico-dollar is rounded up, and nothing becomes free.
  EXPECT_EQ(input_price(table, "", "d"), 245);
  EXPECT_EQ(input_price(table, "", "e"), 1);
}

// Case 33.
TEST(PriceTable, TellsWhereAFileIsBroken) {
  EXPECT_EQ(message_of("{\n  \"gpt\": {\"input_cost_per_token\": 1e-06},\n}"),
            "3:1: malformed JSON at byte 44");
  EXPECT_THAT(message_of("{\"gpt\":\n {\"input_cost_per_token\": \"1e-06\"}}"),
              StartsWith("2:27: \"input_cost_per_token\" is no price: expected"));
  EXPECT_THAT(message_of(R"({"gpt": {"output_cost_per_token": -1}})"), HasSubstr("is no price"));
  EXPECT_THAT(message_of(R"({"gpt": {"output_cost_per_token": 1e9}})"), HasSubstr("is no price"));
  EXPECT_THAT(message_of(R"({"gpt": 3})"), HasSubstr("1:9: expected an object"));
  EXPECT_THAT(message_of("[]"), StartsWith("1:1: expected an object"));
  EXPECT_THAT(message_of(R"({"a": {}, "a": {}})"), StartsWith("1:11: "));
}

TEST(PriceTable, HasAVersionThatTellsTablesApart) {
  EXPECT_EQ(PriceTable().version(), "");
  EXPECT_EQ(named_table("{}").version(), "");
  const std::string version = named_table(kNames).version();
  EXPECT_EQ(version.size(), 16U);
  EXPECT_EQ(named_table(kNames).version(), version);
  EXPECT_NE(named_table(kNames, {{.model = "gpt", .input = 1}}).version(), version);
  EXPECT_NE(named_table(R"({"gpt": {"input_cost_per_token": 1}})").version(), version);
}

}  // namespace
}  // namespace penstock::prices
