#include "access/api_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "support/count_allocations.h"

namespace penstock::access {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<config::ApiKey> two_keys() {
  return {{"team", Secret("sk-team-0123456789")}, {"ops", Secret("sk-ops-9876543210")}};
}

std::string message_for(ApiKeys& keys, std::optional<std::string_view> authorization) {
  const auto principal = keys.authenticate(authorization);
  EXPECT_FALSE(principal.has_value());
  if (principal) return "";
  EXPECT_EQ(principal.error().kind, ErrorKind::kInvalidApiKey);
  return principal.error().message;
}

TEST(ApiKeys, LetsEverybodyInWhereNoneAreConfigured) {
  ApiKeys keys({});
  EXPECT_TRUE(keys.allows_anonymous());
  EXPECT_EQ(keys.authenticate(std::nullopt), "anonymous");
  EXPECT_EQ(keys.authenticate("Basic Zm9vOmJhcg=="), "anonymous");
}

TEST(ApiKeys, NamesThePrincipalOfAKey) {
  ApiKeys keys(two_keys());
  EXPECT_FALSE(keys.allows_anonymous());
  EXPECT_EQ(keys.authenticate("Bearer sk-team-0123456789"), "team");
  EXPECT_EQ(keys.authenticate("Bearer sk-ops-9876543210"), "ops");
  ApiKeys moved(std::move(keys));
  EXPECT_EQ(moved.authenticate("Bearer sk-team-0123456789"), "team");
}

// The texts are the reference's (its server/auth.py).
TEST(ApiKeys, AsksForAKeyWhereThereIsNone) {
  ApiKeys keys(two_keys());
  EXPECT_EQ(message_for(keys, std::nullopt),
            "Authentication required. Please provide your API key as a Bearer token");
}

TEST(ApiKeys, RefusesWhatIsNotExactlyTheBearerForm) {
  ApiKeys keys(two_keys());
  for (const std::string_view odd :
       {"", "Bearer", "Bearer ", "bearer sk-team-0123456789", "BEARER sk-team-0123456789",
        "Basic sk-team-0123456789", " Bearer sk-team-0123456789", "Bearer\tsk-team-0123456789",
        "sk-team-0123456789"}) {
    EXPECT_EQ(message_for(keys, odd), "Invalid Authorization header format") << odd;
  }
}

TEST(ApiKeys, RefusesKeysThatAreNotExactlyOneOfThem) {
  ApiKeys keys(two_keys());
  for (const std::string_view wrong :
       {"Bearer sk-team-012345678", "Bearer sk-team-01234567890", "Bearer SK-TEAM-0123456789",
        "Bearer  sk-team-0123456789", "Bearer sk-team-0123456789 ", "Bearer team",
        "Bearer sk-team-0123456789,sk-ops-9876543210"}) {
    EXPECT_EQ(message_for(keys, wrong), "Authentication failed: the API key is not known") << wrong;
  }
}

TEST(ApiKeys, NeverRepeatsWhatWasSent) {
  ApiKeys keys(two_keys());
  EXPECT_THAT(message_for(keys, "Bearer sk-guess"), Not(HasSubstr("guess")));
  EXPECT_THAT(message_for(keys, "Basic c2VjcmV0"), Not(HasSubstr("c2VjcmV0")));
}

TEST(ApiKeys, LetsNobodyInWithAnEmptyKey) {
  ApiKeys keys({{"nobody", Secret("")}});
  EXPECT_FALSE(keys.allows_anonymous());
  EXPECT_FALSE(keys.authenticate("Bearer ").has_value());
  EXPECT_FALSE(keys.authenticate(std::nullopt).has_value());
}

TEST(ApiKeys, CountsTheFirstOfTwoEqualKeys) {
  ApiKeys keys({{"first", Secret("same")}, {"second", Secret("same")}});
  EXPECT_EQ(keys.authenticate("Bearer same"), "first");
}

TEST(ApiKeys, FindsEachOfManyKeys) {
  std::vector<config::ApiKey> many;
  for (int i = 0; i < 5000; ++i) {
    many.push_back({"p" + std::to_string(i), Secret("key-" + std::to_string(i))});
  }
  ApiKeys keys(many);
  for (int i = 0; i < 5000; ++i) {
    EXPECT_EQ(keys.authenticate("Bearer key-" + std::to_string(i)), "p" + std::to_string(i));
  }
  EXPECT_FALSE(keys.authenticate("Bearer key-5000").has_value());
}

// reported-failures 1.4
TEST(ApiKeys, MakeAnAdministratorOnlyOfThoseThatAreSaidToBe) {
  std::vector<config::ApiKey> keys = two_keys();
  keys[1].role = config::Role::kAdmin;
  const ApiKeys some(keys);
  EXPECT_EQ(some.role_of("team"), config::Role::kInference);
  EXPECT_EQ(some.role_of("ops"), config::Role::kAdmin);
  EXPECT_EQ(some.role_of("anonymous"), config::Role::kInference);
  EXPECT_EQ(some.role_of(""), config::Role::kInference);
  EXPECT_EQ(ApiKeys({}).role_of("anonymous"), config::Role::kAdmin);
}

TEST(ApiKeys, AllocatesNothingForAKnownKey) {
  ApiKeys keys(two_keys());
  ASSERT_TRUE(keys.authenticate("Bearer sk-team-0123456789").has_value());
  EXPECT_EQ(test::allocations_of([&] {
              for (int i = 0; i < 100; ++i) {
                ASSERT_TRUE(keys.authenticate("Bearer sk-team-0123456789").has_value());
              }
            }),
            0u);
}

}  // namespace
}  // namespace penstock::access
