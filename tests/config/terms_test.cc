// The form of terms, as the administration API states it: the configuration file has the same
// decoder.

#include "config/terms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/date.h"
#include "config/money.h"
#include "config/terms_json.h"
#include "config/time_zone.h"

namespace penstock::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

Terms terms_of(std::string_view json) {
  const Result<Terms> terms = terms_of_json(json);
  EXPECT_TRUE(terms) << terms.error().message;
  return terms.value_or(Terms{});
}

std::string fault_of(std::string_view json) {
  const Result<Terms> terms = terms_of_json(json);
  EXPECT_FALSE(terms) << json;
  if (terms) return {};
  EXPECT_EQ(terms.error().kind, ErrorKind::kInvalidRequest);
  return terms.error().message;
}

TEST(Money, IsReadExactly) {
  EXPECT_EQ(parse_money("20"), 20'000'000);
  EXPECT_EQ(parse_money("0.05"), 50'000);
  EXPECT_EQ(parse_money("0.1"), 100'000);
  EXPECT_EQ(parse_money("0.000001"), 1);
  EXPECT_EQ(parse_money("1.2300000000"), 1'230'000);
  EXPECT_EQ(parse_money("1.5e-05"), 15);
  EXPECT_EQ(parse_money("1E+2"), 100'000'000);
  EXPECT_EQ(parse_money("0"), 0);
  EXPECT_EQ(parse_money("1000000000"), kMoneyMax);
}

TEST(Money, IsNothingElse) {
  for (const char* text : {"", "-1", "+1", ".5", "1.", "1e", "1e9999", "0.0000001", "1.5e-06",
                           "1000000000.000001", "1e99", "NaN", "0x10", "1,5", " 1", "$1"}) {
    EXPECT_EQ(parse_money(text), std::nullopt) << text;
  }
}

TEST(Money, IsWrittenAsItIsRead) {
  for (const std::int64_t amount :
       {0L, 1L, 50'000L, 20'000'000L, 123'456'789L, 1'000'000'000'000'000L}) {
    EXPECT_EQ(parse_money(money_text(amount)), amount) << money_text(amount);
  }
  EXPECT_EQ(money_text(20'000'000), "20");
  EXPECT_EQ(money_text(50'000), "0.05");
}

TEST(Time, IsADateOrATimeWithItsOffset) {
  EXPECT_EQ(time_text(*parse_time("2027-01-01")), "2027-01-01");
  EXPECT_EQ(time_text(*parse_time("2027-01-01T00:00:00Z")), "2027-01-01");
  EXPECT_EQ(time_text(*parse_time("2027-01-01T01:30:00+02:00")), "2026-12-31T23:30:00Z");
  EXPECT_EQ(time_text(*parse_time("2027-01-01t12:00:00.25z")), "2027-01-01T12:00:00.25Z");
  EXPECT_EQ(time_text(*parse_time("2028-02-29")), "2028-02-29");
}

TEST(Time, IsNothingElse) {
  for (const char* text :
       {"", "2027", "2027-1-1", "2027-02-29", "2027-13-01", "1969-12-31", "2200-01-01",
        "2027-01-01T", "2027-01-01T12:00", "2027-01-01T12:00:00", "2027-01-01T24:00:00Z",
        "2027-01-01T12:00:60Z", "2027-01-01T12:00:00.Z", "2027-01-01T12:00:00+2",
        "2027-01-01T12:00:00Zx", "2027-01-01T12:00:00.1234567890Z", "30d"}) {
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
  }
}

TEST(TimeZone, IsOneOfTheSystems) {
  EXPECT_TRUE(is_time_zone("UTC"));
  EXPECT_TRUE(is_time_zone("Europe/Berlin"));
  for (const char* name : {"", "Europe", "Europe/Nowhere", "../zoneinfo/UTC", "/etc/localtime",
                           "Europe/../Europe/Berlin", "zone.tab", "Europe/Berlin/", "a//b"}) {
    EXPECT_FALSE(is_time_zone(name)) << name;
  }
}

TEST(Terms, HaveShorthandsForRatesOfAMinute) {
  const Terms terms = terms_of(R"({"requests_per_minute": 60, "tokens_per_minute": 1000,
      "input_tokens_per_minute": 800, "output_tokens_per_minute": 200, "concurrency": 4})");
  EXPECT_THAT(terms.rates,
              ElementsAre(RateRule{.quantity = Quantity::kRequests, .amount = 60},
                          RateRule{.quantity = Quantity::kTokens, .amount = 1000},
                          RateRule{.quantity = Quantity::kInputTokens, .amount = 800},
                          RateRule{.quantity = Quantity::kOutputTokens, .amount = 200}));
  EXPECT_EQ(terms.concurrency, 4U);
  EXPECT_EQ(terms_of(R"({"requests_per_minute": 0})"), Terms());
}

TEST(Terms, HaveRatesOfEachQuantityForPeriodsAndModels) {
  const Terms terms = terms_of(R"({"limits": [
      {"quantity": "cost", "amount": 0.25, "period": "1h", "burst": 0.5, "models": "gpt-*"},
      {"quantity": "requests", "amount": 5, "period": 1}]})");
  EXPECT_THAT(terms.rates, ElementsAre(RateRule{.quantity = Quantity::kCost,
                                                .amount = 250'000,
                                                .period = std::chrono::hours(1),
                                                .burst = 500'000,
                                                .models = "gpt-*"},
                                       RateRule{.amount = 5, .period = std::chrono::seconds(1)}));
}

TEST(Terms, HaveOneLimitForAQuantityAPeriodAndModels) {
  EXPECT_EQ(fault_of(R"({"requests_per_minute": 60,
                         "limits": [{"quantity": "requests", "amount": 5, "period": "1m"}]})"),
            "limits[0]: there is another limit of requests for this period and these models; keep "
            "one of them");
}

TEST(Terms, HaveBudgets) {
  const Terms terms = terms_of(R"({"budgets": [
      {"max_usd": 500, "align": "rolling", "timezone": "Europe/Berlin", "soft_percent": [80, 100],
       "on_exceeded": "route: cheap", "models": "gpt-*",
       "override": {"add_usd": 5.5, "until": "2027-01-01"}},
      {"name": "calls", "max_requests": 0, "period": "3d", "on_exceeded": "warn"},
      {"max_tokens": 9, "period": "total"}]})");
  ASSERT_EQ(terms.budgets.size(), 3U);
  EXPECT_EQ(terms.budgets[0], (BudgetRule{.name = "1mo",
                                          .quantity = Quantity::kCost,
                                          .amount = 500'000'000,
                                          .unit = BudgetUnit::kMonth,
                                          .alignment = BudgetAlignment::kRolling,
                                          .time_zone = "Europe/Berlin",
                                          .models = "gpt-*",
                                          .soft_percents = {80, 100},
                                          .on_exceeded = OnExceeded::kRoute,
                                          .route_to = "cheap",
                                          .added = 5'500'000,
                                          .added_until = *parse_time("2027-01-01")}));
  EXPECT_EQ(terms.budgets[1].unit, BudgetUnit::kDay);
  EXPECT_EQ(terms.budgets[1].units, 3U);
  EXPECT_EQ(terms.budgets[1].amount, 0);
  EXPECT_EQ(terms.budgets[2].name, "total");
}

TEST(Terms, MayHaveOneBudgetWithoutAList) {
  EXPECT_EQ(terms_of(R"({"budget": {"max_usd": 20, "period": "1d"}})"),
            terms_of(R"({"budgets": [{"max_usd": 20, "period": "1d"}]})"));
}

TEST(Terms, RestrictWhatMayBeUsed) {
  const Terms terms = terms_of(R"({"models": ["gpt-*"], "denied_models": ["gpt-5-pro"],
      "routes": ["/v1/audio/*"], "providers": ["p"], "addresses": ["10.0.0.0/8", "::1"],
      "budget_fallbacks": {"a": ["b", "c"], "b": ["c"]}})");
  EXPECT_THAT(terms.models, ElementsAre("gpt-*"));
  EXPECT_THAT(terms.denied_models, ElementsAre("gpt-5-pro"));
  EXPECT_THAT(terms.routes, ElementsAre("/v1/audio/*"));
  EXPECT_THAT(terms.providers, ElementsAre("p"));
  ASSERT_EQ(terms.addresses.size(), 2U);
  EXPECT_EQ(terms.addresses[0].text(), "10.0.0.0/8");
  EXPECT_THAT(terms.budget_fallbacks,
              ElementsAre(Pair("a", ElementsAre("b", "c")), Pair("b", ElementsAre("c"))));
}

// An empty list would permit everything.
TEST(Terms, PermitNothingByAnEmptyList) {
  for (const char* key : {"models", "routes", "providers", "addresses"}) {
    EXPECT_THAT(fault_of("{\"" + std::string(key) + "\": []}"), HasSubstr("this list is empty"));
  }
  EXPECT_EQ(terms_of(R"({"denied_models": []})"), Terms());
}

// limits.md case 63
TEST(Terms, HaveNoChainOfFallbacksThatLoops) {
  EXPECT_EQ(fault_of(R"({"budget_fallbacks": {"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}})"),
            "budget_fallbacks.a: these fallbacks lead back to the model itself; "
            "budget_fallbacks.b: these fallbacks lead back to the model itself; "
            "budget_fallbacks.c: these fallbacks lead back to the model itself");
  EXPECT_THAT(fault_of(R"({"budget_fallbacks": {"a": ["a"]}})"), HasSubstr("lead back"));
}

struct Fault {
  std::string_view json;
  std::string_view message;
};

TEST(Terms, TellWhatIsWrongAndWhere) {
  for (const Fault& fault : std::initializer_list<Fault>{
           {R"({"budget": {"max_usd": 1, "period": "1fortnight"}})", "budget.period: expected 1h"},
           {R"({"budget": {"max_usd": 1, "period": "0d"}})", "budget.period: expected"},
           {R"({"budget": {"max_usd": 1, "period": "2total"}})", "budget.period: expected"},
           {R"({"budget": {"max_usd": -1}})", "budget.max_usd: expected an amount of dollars"},
           {R"({"budget": {"max_usd": 0.0000001}})", "budget.max_usd: expected"},
           {R"({"budget": {}})", "budget: expected one of max_requests"},
           {R"({"budget": {"max_usd": 1, "max_tokens": 1}})",
            "budget.max_tokens: a budget has one amount"},
           {R"({"budget": {"max_usd": 1, "timezone": "Mars/Base"}})",
            "budget.timezone: this system knows no such time zone"},
           {R"({"budget": {"max_usd": 1, "soft_percent": [100, 80]}})",
            "budget.soft_percent[1]: each percentage must be more"},
           {R"({"budget": {"max_usd": 1, "soft_percent": [101]}})",
            "budget.soft_percent[0]: expected a whole number from 1 to 100"},
           {R"({"budget": {"max_usd": 1, "on_exceeded": "explode"}})",
            "budget.on_exceeded: expected refuse, warn"},
           {R"({"budget": {"max_usd": 1, "on_exceeded": "route: "}})",
            "budget.on_exceeded: the name of a model is missing"},
           {R"({"budget": {"max_usd": 1, "override": {"add_usd": 1}}})",
            "budget.override: the key `until` (time) is missing"},
           {R"({"budget": {"max_usd": 1, "override": {"until": "2027-01-01"}}})",
            "budget.override: expected one of add_requests"},
           {R"({"budget": {"max_usd": 1, "override": {"add_tokens": 1, "until": "2027-01-01"}}})",
            "budget.override: a budget with max_usd is increased with add_usd"},
           {R"({"budget": {"max_usd": 1, "override": {"add_usd": 1, "until": "soon"}}})",
            "budget.override.until: expected a date"},
           {R"({"budgets": [{"max_usd": 1}, {"max_tokens": 1}]})",
            "budgets[1]: another budget has the same name"},
           {R"({"budgets": [{"max_usd": 1, "name": "a"}, {"max_tokens": 1, "name": "a"}]})",
            "budgets[1].name: another budget has the same name"},
           {R"({"budgets": {"max_usd": 1}})", "budgets: expected a list, found a mapping"},
           {R"({"limits": [{"quantity": "requests", "amount": 0}]})",
            "limits[0].amount: expected a whole number from 1"},
           {R"({"limits": [{"quantity": "cost", "amount": "0"}]})",
            "limits[0].amount: expected an amount of dollars that is more than 0"},
           {R"({"limits": [{"quantity": "request", "amount": 1}]})", "did you mean `requests`?"},
           {R"({"limits": [{"amount": 1}]})", "limits[0]: the key `quantity`"},
           {R"({"limits": [{"quantity": "requests", "amount": 1, "period": "2h"}]})",
            "limits[0].period: expected 1 to 3600 seconds"},
           {R"({"limits": [{"quantity": "requests", "amount": 1, "models": ""}]})",
            "limits[0].models: expected a model's name"},
           {R"({"requests_per_minute": 1.5})", "requests_per_minute: expected a whole number"},
           {R"({"routes": ["v1/x"]})", "routes[0]: expected a path"},
           {R"({"addresses": ["10.1.2.3/8"]})", "addresses[0]: expected an address"},
           {R"({"modles": ["a"]})", "modles: unknown key; did you mean `models`?"},
           {R"({"models": "a"})", "models: expected a list, found a value"},
           {R"([])", "expected a mapping, found a list"}}) {
    EXPECT_THAT(fault_of(fault.json), HasSubstr(std::string(fault.message))) << fault.json;
  }
}

TEST(Terms, TellAllThatIsWrong) {
  EXPECT_EQ(fault_of(R"({"concurrency": -1, "routes": ["x"]})"),
            "concurrency: expected a whole number from 0 to 1000000000; routes[0]: expected a "
            "path, such as /v1/chat/completions or /v1/audio/*");
  EXPECT_THAT(fault_of("{"), HasSubstr("malformed JSON"));
}

// A client could otherwise read the server's environment and files.
TEST(Terms, SubstituteNothingThatClientsSend) {
  const Terms terms = terms_of(
      R"({"models": ["${env.HOME}", "${file:/etc/passwd}", "$HOME", "${bad"],
          "budget_fallbacks": {"a": ["${env.HOME:=b}"]}})");
  EXPECT_THAT(terms.models, ElementsAre("${env.HOME}", "${file:/etc/passwd}", "$HOME", "${bad"));
  EXPECT_THAT(terms.budget_fallbacks.at("a"), ElementsAre("${env.HOME:=b}"));
}

}  // namespace
}  // namespace penstock::config
