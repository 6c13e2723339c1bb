// What requests take of the limits of their accounts.

#include "limits/charge.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace penstock::limits {
namespace {

using config::BudgetRule;
using config::Quantity;
using config::RateRule;
using config::Terms;
using std::chrono::seconds;

class ChargeTest : public ::testing::Test {
 protected:
  static std::shared_ptr<const Account> account(const Terms& terms,
                                                const std::string& label = "the key ci") {
    return std::make_shared<const Account>(label, terms, std::make_shared<Used>());
  }
  static Terms rate(Quantity quantity, std::int64_t amount, const std::string& models = "*") {
    Terms terms;
    terms.rates.push_back({.quantity = quantity, .amount = amount, .models = models});
    return terms;
  }
  static Terms budget(Quantity quantity, std::int64_t amount) {
    Terms terms;
    terms.budgets.push_back(
        {.name = "day", .quantity = quantity, .amount = amount, .unit = config::BudgetUnit::kDay});
    return terms;
  }
  // Of one that is opened and reserved in one go.
  Charge::Admission begin(Charge& charge, const Accounts& accounts, const Amounts& expected = {},
                          std::string_view model = "m") {
    Charge::Admission admitted = charge.open(accounts, clock.steady());
    if (!admitted) return admitted;
    return charge.reserve(model, expected, clock.steady(), clock.wall());
  }
  bool passes(const Accounts& accounts, const Amounts& expected = {},
              std::string_view model = "m") {
    Charge charge;
    const bool passed = begin(charge, accounts, expected, model).has_value();
    charge.settle(expected, clock.steady());
    return passed;
  }

  FakeClock clock;
};

// limits.md case 5
TEST_F(ChargeTest, OfAModelIsRefusedByTheTighterOfItsRates) {
  Terms terms = rate(Quantity::kRequests, 5);
  terms.rates.push_back({.quantity = Quantity::kRequests, .amount = 2, .models = "gpt-*"});
  const Accounts accounts = {account(terms)};
  EXPECT_TRUE(passes(accounts, {}, "gpt-5"));
  EXPECT_TRUE(passes(accounts, {}, "gpt-5"));
  Charge third;
  const auto refused = begin(third, accounts, {}, "gpt-5");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().rate->models, "gpt-*");
  EXPECT_EQ(refused.error().limit, 2);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(passes(accounts, {}, "llama"));
  EXPECT_FALSE(passes(accounts, {}, "llama"));
}

// limits.md case 6
TEST_F(ChargeTest, HoldsItsPlaceUntilItIsSettled) {
  Terms terms;
  terms.concurrency = 4;
  const Accounts accounts = {account(terms)};
  std::vector<Charge> open(4);
  for (Charge& charge : open) ASSERT_TRUE(begin(charge, accounts).has_value());
  Charge fifth;
  const auto refused = begin(fifth, accounts);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().by, Refusal::By::kConcurrency);
  EXPECT_EQ(refused.error().limit, 4);
  open.front().settle({}, clock.steady());
  EXPECT_TRUE(passes(accounts));
}

// limits.md case 8
TEST_F(ChargeTest, CountsAtTheTeamOfItsKey) {
  const auto team = account(rate(Quantity::kRequests, 5), "the team infra");
  const std::vector<Accounts> keys = {
      {account({}), team}, {account(rate(Quantity::kRequests, 2)), team}, {account({}), team}};
  int passed = 0;
  for (int i = 0; i < 12; ++i) passed += passes(keys[static_cast<std::size_t>(i) % 3]) ? 1 : 0;
  EXPECT_EQ(passed, 5);
  Charge charge;
  const auto refused = begin(charge, keys[0]);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().account->label(), "the team infra");
}

// limits.md case 9
TEST_F(ChargeTest, ThatIsRefusedHasTakenNothing) {
  Terms of_key = rate(Quantity::kRequests, 10);
  of_key.rates.push_back({.quantity = Quantity::kTokens, .amount = 1'000});
  of_key.concurrency = 1;
  const auto key = account(of_key);
  const Accounts accounts = {key, account(budget(Quantity::kRequests, 0), "the team infra")};
  for (int i = 0; i < 20; ++i) {
    Charge charge;
    const auto refused = begin(charge, accounts, {.input_tokens = 500});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().by, Refusal::By::kBudget);
  }
  for (const RateLimit& limit : key->rates()) {
    EXPECT_EQ(limit.meter->view(limit.rate, clock.steady()).remaining, limit.rule.amount);
  }
  EXPECT_EQ(key->used()->open, 0U);
}

// limits.md case 12
TEST_F(ChargeTest, ReservesTokensBeforeItIsAnswered) {
  const Accounts accounts = {account(rate(Quantity::kTokens, 1'000))};
  std::vector<Charge> charges(3);
  const Amounts expected{.input_tokens = 300, .output_tokens = 100};
  EXPECT_TRUE(begin(charges[0], accounts, expected).has_value());
  EXPECT_TRUE(begin(charges[1], accounts, expected).has_value());
  const auto refused = begin(charges[2], accounts, expected);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().quantity, Quantity::kTokens);
  EXPECT_EQ(refused.error().remaining, 200);
  EXPECT_EQ(refused.error().asked, 400);
  EXPECT_EQ(refused.error().wait, seconds(12));
}

// limits.md case 13
TEST_F(ChargeTest, GivesBackWhatItHasNotUsed) {
  const Accounts accounts = {account(rate(Quantity::kTokens, 1'000))};
  Charge first;
  ASSERT_TRUE(begin(first, accounts, {.input_tokens = 1'000}).has_value());
  EXPECT_FALSE(passes(accounts, {.input_tokens = 900}));
  first.settle({.input_tokens = 100}, clock.steady());
  EXPECT_TRUE(passes(accounts, {.input_tokens = 900}));
}

// limits.md case 14
TEST_F(ChargeTest, LeavesADebtIfItHasUsedMore) {
  const Accounts accounts = {account(rate(Quantity::kTokens, 600))};
  Charge first;
  ASSERT_TRUE(begin(first, accounts, {.input_tokens = 100}).has_value());
  first.settle({.input_tokens = 1'200}, clock.steady());
  Charge next;
  const auto refused = begin(next, accounts, {.input_tokens = 100});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().wait, seconds(70)) << "600 of debt and 100 at 10 a second";
  clock.advance(seconds(70));
  EXPECT_TRUE(passes(accounts, {.input_tokens = 100}));
}

TEST_F(ChargeTest, LargerThanItsRateIsRefusedForGood) {
  const Accounts accounts = {account(rate(Quantity::kTokens, 100))};
  Charge charge;
  const auto refused = begin(charge, accounts, {.input_tokens = 101});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().wait, RateMeter::kNever);
}

TEST_F(ChargeTest, CountsEachQuantityAlone) {
  for (const Quantity quantity :
       {Quantity::kInputTokens, Quantity::kOutputTokens, Quantity::kCost}) {
    const Accounts accounts = {account(rate(quantity, 10))};
    Amounts large{.input_tokens = 1'000, .output_tokens = 1'000, .cost = 1'000};
    if (quantity == Quantity::kInputTokens) large.input_tokens = 10;
    if (quantity == Quantity::kOutputTokens) large.output_tokens = 10;
    if (quantity == Quantity::kCost) large.cost = 10;
    EXPECT_TRUE(passes(accounts, large));
    EXPECT_FALSE(passes(accounts, large));
  }
}

TEST_F(ChargeTest, OfABudgetIsRefusedUntilTheNextWindow) {
  const auto owner = account(budget(Quantity::kCost, 1'000'000));
  const Accounts accounts = {owner};
  EXPECT_TRUE(passes(accounts, {.cost = 600'000}));
  Charge charge;
  const auto refused = begin(charge, accounts, {.cost = 600'000});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().by, Refusal::By::kBudget);
  EXPECT_EQ(refused.error().remaining, 400'000);
  clock.advance(refused.error().resets - clock.wall());
  EXPECT_TRUE(passes(accounts, {.cost = 600'000}));
}

TEST_F(ChargeTest, OfABudgetThatOnlyWarnsPasses) {
  Terms terms = budget(Quantity::kCost, 10);
  terms.budgets.front().on_exceeded = config::OnExceeded::kWarn;
  const auto owner = account(terms);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(passes({owner}, {.cost = 10}));
  EXPECT_EQ(owner->budgets().front().meter->window()->used(), 30);
}

TEST_F(ChargeTest, ThatNobodySettlesHasUsedWhatItReserved) {
  const auto owner = account(budget(Quantity::kCost, 100));
  const Accounts accounts = {owner};
  {
    Charge charge;
    ASSERT_TRUE(begin(charge, accounts, {.cost = 40}).has_value());
  }
  const BudgetWindow& window = *owner->budgets().front().meter->window();
  EXPECT_EQ(window.used(), 40);
  EXPECT_EQ(window.reserved(), 0);
  EXPECT_EQ(owner->used()->open, 0U);
}

// limits.md case 34, and "Done means" 2: of 500 at once, a budget for 50 lets 50 pass.
TEST_F(ChargeTest, OfManyAtOnceNeverPassesABudget) {
  const auto owner = account(budget(Quantity::kCost, 1'000'000));
  const Accounts accounts = {owner};
  std::atomic<int> passed{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 5; ++t) {
    threads.emplace_back([&] {
      const FakeClock own_clock;
      for (int i = 0; i < 100; ++i) {
        Charge charge;
        const bool opened = charge.open(accounts, own_clock.steady()).has_value();
        const bool reserved =
            opened &&
            charge.reserve("m", {.cost = 20'000}, own_clock.steady(), own_clock.wall()).has_value();
        if (reserved) ++passed;
        charge.settle({.cost = 20'000}, own_clock.steady());
      }
    });
  }
  threads.clear();
  EXPECT_EQ(passed, 50);
  EXPECT_EQ(owner->budgets().front().meter->window()->used(), 1'000'000);
}

// limits.md case 22
TEST_F(ChargeTest, OfAMillionRequestsLeavesNoReservation) {
  Terms terms = budget(Quantity::kCost, 1'000'000'000);
  terms.concurrency = 8;
  terms.rates.push_back({.quantity = Quantity::kTokens, .amount = 1'000'000, .period = seconds(1)});
  const auto owner = account(terms);
  const Accounts accounts = {owner};
  std::minstd_rand random(7);
  for (int i = 0; i < 1'000'000; ++i) {
    if (i % 64 == 0) clock.advance(std::chrono::milliseconds(1));
    const Amounts expected{.input_tokens = static_cast<std::int64_t>(random() % 5'000),
                           .cost = static_cast<std::int64_t>(random() % 1'000)};
    Charge charge;
    if (!begin(charge, accounts, expected)) continue;
    switch (random() % 4) {
      case 0:
        charge.settle({.requests = 0}, clock.steady());
        break;
      case 1:
        charge.settle(expected, clock.steady());
        break;
      case 2:
        charge.settle({.input_tokens = 2 * expected.input_tokens, .cost = 2 * expected.cost},
                      clock.steady());
        break;
      default:  // by its destruction
        break;
    }
  }
  EXPECT_EQ(owner->budgets().front().meter->window()->reserved(), 0);
  EXPECT_EQ(owner->used()->open, 0U);
  clock.advance(std::chrono::minutes(10));
  const RateLimit& tokens = owner->rates().front();
  EXPECT_EQ(tokens.meter->view(tokens.rate, clock.steady()).remaining, tokens.rule.amount);
}

}  // namespace
}  // namespace penstock::limits
