// API keys and what is above them, as the configuration declares them.

#include "config/owners.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/date.h"
#include "config/loading.h"

namespace penstock::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Whatever it warns of.
Settings accepted_settings(std::string_view text) {
  Loaded loaded = load(std::string(kOneProvider).append(text));
  EXPECT_TRUE(loaded.settings) << testing::PrintToString(texts_of(loaded));
  return loaded.settings.value_or(Settings{});
}

std::vector<std::string> errors_of(std::string_view text) {
  std::vector<std::string> errors;
  for (const Problem& problem : load(std::string(kOneProvider).append(text)).problems) {
    if (problem.severity == Problem::Severity::kError) errors.push_back(problem.text());
  }
  return errors;
}

// The example of limits.md section 12.
TEST(Keys, MayBeAtTheTopOfTheFile) {
  const Settings settings = accepted_settings(R"(
keys:
- {name: ci, key_hash: "sha256:00FF000000000000000000000000000000000000000000000000000000000001",
   team: infra, tags: ["project:x"], models: ["gpt-*"], requests_per_minute: 60,
   tokens_per_minute: 100000, concurrency: 4, budget: {max_usd: 20, period: 1d},
   expires: 2027-01-01}
server: {api_keys: [{name: other, key: sk-0123456789}]}
teams:
- {name: infra, budget: {max_usd: 500, period: 1mo, align: calendar, timezone: Europe/Berlin}}
)");
  ASSERT_EQ(settings.server.api_keys.size(), 2U);
  const ApiKey& ci = settings.server.api_keys[0];
  EXPECT_EQ(ci.name, "ci");
  EXPECT_TRUE(ci.key.empty());
  ASSERT_TRUE(ci.hash);
  EXPECT_EQ(ci.hash->at(1), 0xFF);
  EXPECT_EQ(ci.hash->back(), 1);
  EXPECT_EQ(ci.team, "infra");
  EXPECT_THAT(ci.tags, ElementsAre("project:x"));
  EXPECT_EQ(ci.expires, parse_time("2027-01-01"));
  EXPECT_EQ(per_minute(ci.terms, Quantity::kTokens), 100'000);
  EXPECT_EQ(ci.terms.concurrency, 4U);
  EXPECT_EQ(ci.terms.budgets.at(0).amount, 20'000'000);
  EXPECT_EQ(settings.server.api_keys[1].name, "other");
  ASSERT_EQ(settings.owners.teams.size(), 1U);
  EXPECT_EQ(settings.owners.teams[0].terms.budgets.at(0).time_zone, "Europe/Berlin");
}

TEST(Keys, AreUniqueInAllLists) {
  EXPECT_THAT(errors_of(R"(
keys: [{name: a, key: sk-0123456789}]
server: {api_keys: [{name: a, key: sk-0123456789}]}
)"),
              ElementsAre("run.yaml:7:28: server.api_keys[0].name: another key has the same name",
                          "run.yaml:7:36: server.api_keys[0].key: another entry has the same key"));
}

TEST(Keys, HaveTheKeyOrItsHash) {
  EXPECT_THAT(errors_of("keys: [{name: a}]"),
              ElementsAre("run.yaml:5:8: keys[0]: the key `key` (text) is missing; or give its "
                          "`key_hash`"));
  EXPECT_THAT(errors_of("keys: [{name: a, kye: sk-0123456789}]"),
              ElementsAre(HasSubstr("unknown key; did you mean `key`?")));
  EXPECT_THAT(errors_of("keys: [{name: a, key: }]"), ElementsAre(HasSubstr("found nothing")));
  EXPECT_THAT(errors_of("keys: [{name: a, key_hash: \"sha256:00\"}]"),
              ElementsAre(HasSubstr("keys[0].key_hash: expected sha256:")));
  EXPECT_THAT(errors_of("keys: [{name: a, key: sk-0123456789, key_hash: \"sha256:" +
                        std::string(64, '0') + "\"}]"),
              ElementsAre(HasSubstr("keys[0].key_hash: the key itself is there, too")));
}

TEST(Keys, ExpireAtATime) {
  EXPECT_THAT(errors_of("keys: [{name: a, key: sk-0123456789, expires: soon}]"),
              ElementsAre(HasSubstr("keys[0].expires: expected a date such as 2027-01-01")));
}

TEST(Owners, MustExist) {
  EXPECT_THAT(errors_of(R"(
keys: [{name: a, key: sk-0123456789, team: t, user: u, organization: o}]
users: [{name: x, team: t}]
server: {auth: {provider_config: {
  type: local_api_key, api_keys: [{name: b, key: sk-b-0123456789, team: "${env.T:=t}"}]}}}
)"),
              ElementsAre("run.yaml:6:44: keys[0].team: there is no such team; declare it in "
                          "`teams`",
                          "run.yaml:6:53: keys[0].user: there is no such user; declare it in "
                          "`users`",
                          "run.yaml:6:70: keys[0].organization: there is no such organization; "
                          "declare it in `organizations`",
                          "run.yaml:7:25: users[0].team: there is no such team; declare it in "
                          "`teams`",
                          HasSubstr("api_keys[0].team: there is no such team")));
}

TEST(Owners, AreATree) {
  constexpr std::string_view kTree = R"(
organizations: [{name: o}, {name: p}]
teams: [{name: t, organization: o}, {name: loose}]
users: [{name: u, team: t}, {name: alone, organization: p}]
keys:
)";
  const auto errors_of_key = [&](std::string_view above) {
    return errors_of(std::string(kTree) + "- {name: a, key: sk-0123456789, " + std::string(above) +
                     "}");
  };
  for (const std::string_view above :
       {"user: u", "user: u, team: t", "user: u, team: t, organization: o", "team: t",
        "team: t, organization: o", "organization: p", "user: alone, organization: p"}) {
    EXPECT_THAT(errors_of_key(above), IsEmpty()) << above;
  }
  EXPECT_THAT(errors_of_key("user: u, team: loose"),
              ElementsAre(HasSubstr("keys[0].team: the user does not belong to this team; say so "
                                    "where the user is declared, or remove it here")));
  EXPECT_THAT(errors_of_key("user: u, organization: p"),
              ElementsAre(HasSubstr("keys[0].organization: the user does not belong to this")));
  EXPECT_THAT(errors_of_key("team: loose, organization: o"),
              ElementsAre(HasSubstr("keys[0].organization: the team does not belong to this")));
}

TEST(Owners, HaveUniqueNames) {
  EXPECT_THAT(
      errors_of("teams: [{name: t}, {name: t}]"),
      ElementsAre(HasSubstr("teams[1].name: another entry of this list has the same name")));
  EXPECT_THAT(errors_of("teams: [{organization: }]"),
              ElementsAre(HasSubstr("teams[0]: the key `name` (text) is missing")));
}

TEST(Owners, HaveTermsLikeKeys) {
  EXPECT_THAT(errors_of("users: [{name: u, budget: {max_usd: x}}]"),
              ElementsAre(HasSubstr("users[0].budget.max_usd: expected an amount of dollars")));
  EXPECT_THAT(errors_of("users: [{name: u, modles: [a]}]"),
              ElementsAre(HasSubstr("users[0].modles: unknown key; did you mean `models`?")));
}

TEST(WhatIsNotEnforced, IsWarnedOfOnceForEachKey) {
  const Loaded loaded = load(std::string(kOneProvider) + R"(
organizations: [{name: o, budget: {max_usd: 1}}]
keys: [{name: a, key: sk-0123456789, budgets: [{max_requests: 1, on_exceeded: warn}], tags: [t]}]
server: {api_keys: [{name: b, key: sk-b-0123456789, expires: 2027-01-01,
                     limits: [{quantity: cost, amount: 1}, {quantity: tokens, amount: 5}]},
                    sk-c-0123456789]}
)");
  const auto warning = [](const std::string& key) {
    return HasSubstr("warning: " + key + ": not enforced yet by this version, or not in full");
  };
  EXPECT_THAT(texts_of(loaded),
              ElementsAre(warning("organizations[0].budget.max_usd"), warning("keys[0].tags"),
                          warning("server.api_keys[0].limits[0].quantity")));
}

}  // namespace
}  // namespace penstock::config
