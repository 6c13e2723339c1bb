#include "config/terms_json.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "config/date.h"
#include "config/money.h"
#include "config/terms_words.h"
#include "core/clock.h"

namespace penstock::config {
namespace {

// Terms with anything that terms may have.
class RandomTerms {
 public:
  explicit RandomTerms(std::uint64_t seed) : random_(seed) {}

  Terms next() {
    Terms terms;
    for (std::uint64_t count = below(5); count > 0; --count) add_rate(terms);
    for (std::uint64_t count = below(4); count > 0; --count) add_budget(terms);
    terms.concurrency = static_cast<std::uint32_t>(below(2) * below(1000));
    terms.models = texts();
    terms.denied_models = texts();
    if (below(2) > 0) terms.routes = {"/v1/" + text(), "/*"};
    terms.providers = texts();
    if (below(2) > 0) {
      terms.addresses = {*AddressRange::parse("10.0.0.0/8"), *AddressRange::parse("2001:db8::1")};
    }
    // A chain never leads back, as its names only rise.
    for (std::uint64_t model = below(4); model > 0; --model) {
      terms.budget_fallbacks["m" + std::to_string(model)] = {"m" + std::to_string(model + 1),
                                                             "z" + text()};
    }
    return terms;
  }

 private:
  std::uint64_t below(std::uint64_t end) { return random_.next() % end; }

  std::string text() {
    constexpr std::array<std::string_view, 8> kPieces = {"gpt",      "*", "\"", "\\",
                                                         "${env.X}", "ö", "- ", "\n1"};
    std::string result = "x";
    for (std::uint64_t count = below(4); count > 0; --count) {
      result += kPieces[below(kPieces.size())];
    }
    return result + "y";
  }

  std::vector<std::string> texts() {
    std::vector<std::string> result;
    for (std::uint64_t count = below(3); count > 0; --count) result.push_back(text());
    return result;
  }

  void add_rate(Terms& terms) {
    RateRule rule{.quantity = static_cast<Quantity>(below(5)),
                  .amount = static_cast<std::int64_t>(1 + below(1'000'000'000))};
    if (below(2) > 0) rule.period = std::chrono::milliseconds(1000 + below(3'599'001));
    if (below(2) > 0) rule.burst = static_cast<std::int64_t>(below(1'000'000));
    if (below(2) > 0) rule.models = text();
    const bool is_known = std::ranges::any_of(terms.rates, [&](const RateRule& other) {
      return other.quantity == rule.quantity && other.period == rule.period &&
             other.models == rule.models;
    });
    if (!is_known) terms.rates.push_back(rule);
  }

  void add_budget(Terms& terms) {
    BudgetRule rule;
    rule.name = "b" + std::to_string(terms.budgets.size()) + text();
    rule.quantity = static_cast<Quantity>(below(5));
    rule.amount = static_cast<std::int64_t>(below(kMoneyMax));
    rule.unit = static_cast<BudgetUnit>(below(7));
    rule.alignment = static_cast<BudgetAlignment>(below(2));
    if (below(2) > 0) rule.time_zone = "Europe/Berlin";
    if (below(2) > 0) rule.models = text();
    rule.on_exceeded = static_cast<OnExceeded>(below(3));
    if (rule.unit != BudgetUnit::kTotal) rule.units = static_cast<std::uint32_t>(1 + below(1000));
    if (rule.on_exceeded == OnExceeded::kRoute) rule.route_to = text();
    for (std::uint32_t percent = 0; below(3) > 0 && percent < 90;) {
      rule.soft_percents.push_back(percent += static_cast<std::uint32_t>(1 + below(10)));
    }
    if (below(2) > 0) {
      rule.added = static_cast<std::int64_t>(1 + below(1'000'000'000));
      rule.added_until = *parse_time("2027-01-01") +
                         std::chrono::nanoseconds(below(2) * below(1'000'000'000'000'000'000));
    }
    terms.budgets.push_back(std::move(rule));
  }

  SeededRandom random_;
};

TEST(TermsJson, IsReadBackAsEqualTerms) {
  RandomTerms random(11);
  for (int i = 0; i < 5'000; ++i) {
    const Terms terms = random.next();
    const std::string json = json_of(terms);
    const Result<Terms> again = terms_of_json(json);
    ASSERT_TRUE(again) << json << "\n" << again.error().message;
    ASSERT_EQ(*again, terms) << json << "\n" << json_of(*again);
  }
}

TEST(TermsJson, IsOfTheFormOfTheConfiguration) {
  EXPECT_EQ(json_of({}), "{}");
  constexpr std::string_view kJson =
      R"({"requests_per_minute":60,"tokens_per_minute":1000,)"
      R"("limits":[{"quantity":"cost","amount":0.25,"period":"3600s","models":"gpt-*"}],)"
      R"("concurrency":4,)"
      R"("budgets":[{"name":"1d","max_usd":20,"period":"1d","align":"calendar",)"
      R"("timezone":"UTC","models":"*","on_exceeded":"refuse"}],"models":["gpt-*"]})";
  const Result<Terms> terms = terms_of_json(kJson);
  ASSERT_TRUE(terms) << terms.error().message;
  EXPECT_EQ(json_of(*terms), kJson);
}

TEST(TermsJson, MayBeAmongOtherMembers) {
  std::string text;
  JsonWriter out(text);
  out.begin_object().member("name", "ci");
  write_terms_members(out, {});
  Terms terms;
  terms.concurrency = 2;
  write_terms_members(out, terms);
  out.end_object();
  EXPECT_EQ(text, R"({"name":"ci","concurrency":2})");
}

}  // namespace
}  // namespace penstock::config
