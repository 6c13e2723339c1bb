// `penstock prices`.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "app/command.h"
#include "app/price_source.h"
#include "config/settings.h"
#include "support/temp_directory.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kOld = R"({
  "gpt": {"input_cost_per_token": 1.25e-06, "output_cost_per_token": 1e-05,
          "cache_read_input_token_cost": 1.25e-07, "input_cost_per_token_flex": 6.25e-07,
          "input_cost_per_token_above_200k_tokens": 2.5e-06},
  "old": {"input_cost_per_token": 1e-06}
})";
constexpr std::string_view kNew = R"({
  "gpt": {"input_cost_per_token": 1e-06, "output_cost_per_token": 1e-05},
  "new": {"input_cost_per_query": 0.002}
})";

class PricesCommand : public ::testing::Test {
 protected:
  std::string configuration() const {
    return directory.write(
        "run.yaml",
        "providers: {inference: [{provider_id: local, provider_type: remote::vllm, config: "
        "{base_url: http://127.0.0.1:8000/v1}}]}\n"
        "prices: {file: " +
            prices + ", override: [{model: local/llama, input: 0.2, output: 0.6}]}\n");
  }

  TempDirectory directory;
  const std::string prices = directory.write("prices.json", kOld);
};

TEST_F(PricesCommand, ShowsWhatAModelCosts) {
  const CommandOutcome outcome = run_command({"prices", "show", "gpt", configuration()});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "gpt, US dollars for a million tokens\n"
            "standard: input 1.25, cached input 0.125, output 10\n"
            "flex: input 0.625, cached input 0.125, output 10\n"
            "above 200000 input tokens, standard: input 2.5, cached input 0.125, output 10\n");
}

TEST_F(PricesCommand, ShowsTheOperatorsOwnPriceOfAProvider) {
  const std::string file = configuration();
  const CommandOutcome outcome =
      run_command({"prices", "show", "llama", "--provider", "local", file});
  EXPECT_EQ(outcome.out,
            "llama, US dollars for a million tokens\nstandard: input 0.2, output 0.6\n");
  const CommandOutcome other = run_command({"prices", "show", "llama", file});
  EXPECT_EQ(other.status, 1);
  EXPECT_EQ(other.err, "penstock: llama has no price in " + prices + "\n");
}

TEST_F(PricesCommand, ChecksAFile) {
  const CommandOutcome sound = run_command({"prices", "check", prices});
  EXPECT_EQ(sound.status, 0);
  EXPECT_EQ(sound.out, prices + ": 2 models have a price\n");
  const std::string broken = directory.write("broken.json", "{\n  \"gpt\": {]\n}");
  const CommandOutcome outcome = run_command({"prices", "check", broken});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, StartsWith("penstock: " + broken + ":2:"));
}

TEST_F(PricesCommand, PutsANewerFileInThePlaceOfTheOldOneAndSaysWhatChanges) {
  const std::string newer = directory.write("newer.json", kNew);
  const CommandOutcome outcome =
      run_command({"prices", "update", "--from", newer, configuration()});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "- old\n"
            "~ gpt: input 1.25, cached input 0.125, output 10 -> input 1, output 10\n"
            "+ new: input 0, output 0, a query 0.002\n" +
                prices + ": 2 models have a price\n");
  EXPECT_EQ(read_file(prices), kNew);
  EXPECT_THAT(run_command({"prices", "update", "--from", newer, "--to", prices}).out,
              HasSubstr("none has changed"));
}

// Case 33.
TEST_F(PricesCommand, LeavesTheOldFileIfTheNewerOneIsBroken) {
  const std::string broken =
      directory.write("newer.json", R"({"gpt": {"input_cost_per_token": "1"}})");
  const CommandOutcome outcome =
      run_command({"prices", "update", "--from", broken, configuration()});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr(broken + ":1:34: \"input_cost_per_token\" is no price"));
  EXPECT_EQ(read_file(prices), kOld);
}

TEST_F(PricesCommand, FetchesNothing) {
  const CommandOutcome outcome =
      run_command({"prices", "update", "--from", "https://example.com/prices.json"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("--from takes a file"));
}

// Case 33.
TEST(PriceSource, TellsTheFileAndThePositionOfAMistake) {
  const TempDirectory directory;
  config::Settings settings;
  EXPECT_TRUE((*app::price_table_of(settings))->empty());
  settings.prices.file = directory.write("prices.json", "{\"gpt\": 3}");
  const auto table = app::price_table_of(settings);
  ASSERT_FALSE(table);
  EXPECT_THAT(table.error().message, StartsWith(settings.prices.file + ":1:9: expected an object"));
}

TEST(PriceSource, IsReadOnlyWhereCostsAreLimitedOrPricesAreSaid) {
  const config::Settings none;
  EXPECT_FALSE(app::needs_prices(none));
  config::Settings of_team;
  of_team.owners.teams.push_back({.name = "t", .organization = "", .team = "", .terms = {}});
  of_team.owners.teams.front().terms.budgets.push_back({.name = "b", .amount = 1});
  EXPECT_TRUE(app::needs_prices(of_team));
  of_team.owners.teams.front().terms.budgets.front().quantity = config::Quantity::kTokens;
  EXPECT_FALSE(app::needs_prices(of_team));
  config::Settings of_key;
  of_key.server.api_keys.emplace_back().terms.rates.push_back(
      {.quantity = config::Quantity::kCost, .amount = 1});
  EXPECT_TRUE(app::needs_prices(of_key));
  config::Settings named;
  named.prices.file = "prices.json";
  EXPECT_TRUE(app::needs_prices(named));
}

}  // namespace
}  // namespace penstock::testing
