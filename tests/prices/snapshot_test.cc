// The file of prices that is shipped.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>

#include <nlohmann/json.hpp>

#include "prices/price_table.h"
#include "support/paths.h"

namespace penstock::prices {
namespace {

std::string snapshot() {
  std::ifstream file(PENSTOCK_SOURCE_DIR "/packaging/prices/prices.json");
  return {std::istreambuf_iterator<char>(file), {}};
}

// Case 32.
TEST(Snapshot, HasAPriceForEachOfItsEntries) {
  const std::string text = snapshot();
  const auto table = PriceTable::read(text);
  ASSERT_TRUE(table) << table.error().message;
  const auto entries = nlohmann::json::parse(text);
  EXPECT_GT(entries.size(), 2000U);
  for (const auto& [name, entry] : entries.items()) {
    if (name == "_snapshot") continue;
    EXPECT_NE(table->find("", "", name), nullptr) << name;
  }
}

// Case 28, with the shipped prices of these models.
TEST(Snapshot, HasWhatTheServicesPublish) {
  const auto table = PriceTable::read(snapshot());
  ASSERT_TRUE(table) << table.error().message;
  const Price* const claude = table->find("a", "remote::anthropic", "claude-sonnet-4-5-20250929");
  ASSERT_NE(claude, nullptr);
  EXPECT_EQ(cost(*claude, {.prompt_tokens = 2098,
                           .completion_tokens = 503,
                           .cached_tokens = 1800,
                           .cache_write_tokens = 248,
                           .cache_write_1h_tokens = 100}),
            9'390);
  const Price* const gpt = table->find("o", "remote::openai", "gpt-5.5");
  ASSERT_NE(gpt, nullptr);
  EXPECT_EQ(cost(*gpt, {.prompt_tokens = 272'000, .completion_tokens = 100}), 1'363'000);
  EXPECT_EQ(cost(*gpt, {.prompt_tokens = 272'001, .completion_tokens = 100}), 2'724'510);
}

TEST(Snapshot, CostsNoLessForMoreTokens) {
  const auto prices = read_prices(snapshot());
  ASSERT_TRUE(prices) << prices.error().message;
  constexpr std::array<std::uint64_t, 9> kCounts = {0,       1,       1'000,   128'000,   128'001,
                                                    200'001, 272'001, 999'999, 1ULL << 40};
  for (const auto& [name, price] : *prices) {
    std::int64_t before = 0;
    for (const std::uint64_t count : kCounts) {
      const std::int64_t now = estimated_cost(price, count, count);
      EXPECT_GE(now, before) << name << " at " << count;
      before = now;
    }
  }
}

}  // namespace
}  // namespace penstock::prices
