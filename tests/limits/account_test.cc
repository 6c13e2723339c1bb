// What owners may use and have used, from one configuration to the next.

#include "limits/account.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "limits/charge.h"

namespace penstock::limits {
namespace {

config::ApiKey key_of(const std::string& name, std::int64_t requests_per_minute) {
  config::ApiKey key;
  key.name = name;
  config::set_per_minute(key.terms, config::Quantity::kRequests, requests_per_minute);
  return key;
}

class KeyAccountsTest : public ::testing::Test {
 protected:
  bool passes(const KeyAccounts& accounts, std::size_t key) const {
    Charge charge;
    return charge.open(accounts.of_key(key), clock.steady()).has_value();
  }

  FakeClock clock;
};

TEST_F(KeyAccountsTest, AreThereOnlyForKeysWithLimits) {
  config::ApiKey with_concurrency;
  with_concurrency.terms.concurrency = 1;
  const KeyAccounts accounts({key_of("free", 0), key_of("ci", 1), with_concurrency}, {}, {});
  EXPECT_TRUE(accounts.of_key(0).empty());
  EXPECT_EQ(accounts.of_key(1).size(), 1U);
  EXPECT_EQ(accounts.of_key(2).size(), 1U);
}

TEST_F(KeyAccountsTest, KeepWhatAKeyHasUsedUnderItsName) {
  const KeyAccounts before({key_of("ci", 1), key_of("other", 1)}, {}, {});
  EXPECT_TRUE(passes(before, 0));
  const KeyAccounts after({key_of("new", 1), key_of("ci", 1)}, {}, before);
  EXPECT_TRUE(passes(after, 0));
  EXPECT_FALSE(passes(after, 1)) << "a reload has forgiven what was used";
}

TEST_F(KeyAccountsTest, ForgetKeysThatAreNoMore) {
  const KeyAccounts before({key_of("ci", 1)}, {}, {});
  EXPECT_TRUE(passes(before, 0));
  const KeyAccounts without({key_of("other", 1)}, {}, before);
  const KeyAccounts again({key_of("ci", 1)}, {}, without);
  EXPECT_TRUE(passes(again, 0));
}

// limits.md case 8
TEST_F(KeyAccountsTest, ShareThoseOfTheOwnersAboveThem) {
  config::Owners owners;
  owners.organizations.push_back({.name = "acme", .organization = "", .team = "", .terms = {}});
  owners.teams.push_back({.name = "infra", .organization = "acme", .team = "", .terms = {}});
  owners.users.push_back({.name = "kim", .organization = "", .team = "infra", .terms = {}});
  config::set_per_minute(owners.teams[0].terms, config::Quantity::kRequests, 3);
  config::set_per_minute(owners.organizations[0].terms, config::Quantity::kRequests, 100);
  config::ApiKey of_user = key_of("laptop", 10);
  of_user.user = "kim";
  config::ApiKey of_team = key_of("ci", 0);
  of_team.team = "infra";
  const KeyAccounts accounts({of_user, of_team}, owners, {});
  EXPECT_EQ(accounts.of_key(0).size(), 3U);
  EXPECT_EQ(accounts.of_key(1).size(), 2U);
  EXPECT_TRUE(passes(accounts, 0));
  EXPECT_TRUE(passes(accounts, 1));
  EXPECT_TRUE(passes(accounts, 0));
  EXPECT_FALSE(passes(accounts, 0));
  EXPECT_FALSE(passes(accounts, 1));
}

}  // namespace
}  // namespace penstock::limits
