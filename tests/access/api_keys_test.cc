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

Credentials bearer(std::optional<std::string_view> authorization) {
  Credentials credentials;
  if (authorization) credentials.add_authorization(*authorization);
  return credentials;
}

// Of the principal of that key; empty: it is refused.
std::string name_of(const ApiKeys& keys, const Credentials& credentials) {
  const auto principal = keys.authenticate(credentials);
  return principal ? (*principal)->name : "";
}

std::string message_for(ApiKeys& keys, std::optional<std::string_view> authorization) {
  const auto principal = keys.authenticate(bearer(authorization));
  EXPECT_FALSE(principal.has_value());
  if (principal) return "";
  EXPECT_EQ(principal.error().kind, ErrorKind::kInvalidApiKey);
  return principal.error().message;
}

TEST(ApiKeys, LetsEverybodyInWhereNoneAreConfigured) {
  ApiKeys keys({});
  EXPECT_TRUE(keys.allows_anonymous());
  EXPECT_EQ(name_of(keys, bearer(std::nullopt)), "anonymous");
  EXPECT_EQ(name_of(keys, bearer("Basic Zm9vOmJhcg==")), "anonymous");
}

TEST(ApiKeys, NamesThePrincipalOfAKey) {
  ApiKeys keys(two_keys());
  EXPECT_FALSE(keys.allows_anonymous());
  EXPECT_EQ(name_of(keys, bearer("Bearer sk-team-0123456789")), "team");
  EXPECT_EQ(name_of(keys, bearer("Bearer sk-ops-9876543210")), "ops");
  ApiKeys moved(std::move(keys));
  EXPECT_EQ(name_of(moved, bearer("Bearer sk-team-0123456789")), "team");
}

// The texts are the reference's (its server/auth.py).
TEST(ApiKeys, AsksForAKeyWhereThereIsNone) {
  ApiKeys keys(two_keys());
  EXPECT_EQ(message_for(keys, std::nullopt),
            "Authentication required. Please provide your API key as a Bearer token");
}

TEST(ApiKeys, RefusesWhatIsNotTheBearerForm) {
  ApiKeys keys(two_keys());
  for (const std::string_view odd :
       {"", "Bearer", "Bearer ", "Bearer   ", "Bearersk-team-0123456789",
        "Bearers sk-team-0123456789", "Basic sk-team-0123456789", " Bearer sk-team-0123456789",
        "Bearer\tsk-team-0123456789", "sk-team-0123456789"}) {
    EXPECT_EQ(message_for(keys, odd), "Invalid Authorization header format") << odd;
  }
}

TEST(ApiKeys, RefusesKeysThatAreNotExactlyOneOfThem) {
  ApiKeys keys(two_keys());
  for (const std::string_view wrong :
       {"Bearer sk-team-012345678", "Bearer sk-team-01234567890", "Bearer SK-TEAM-0123456789",
        "Bearer sk-team-0123456789 ", "Bearer team",
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
  EXPECT_FALSE(keys.authenticate(bearer("Bearer ")).has_value());
  EXPECT_FALSE(keys.authenticate(bearer(std::nullopt)).has_value());
}

TEST(ApiKeys, CountsTheFirstOfTwoEqualKeys) {
  ApiKeys keys({{"first", Secret("same")}, {"second", Secret("same")}});
  EXPECT_EQ(name_of(keys, bearer("Bearer same")), "first");
}

// reported-failures 5.1
TEST(ApiKeys, TakesTheSchemeInAnyCaseAndAnyNumberOfSpacesAfterIt) {
  ApiKeys keys(two_keys());
  for (const std::string_view spelled :
       {"bearer sk-team-0123456789", "BEARER sk-team-0123456789", "bEaReR sk-team-0123456789",
        "Bearer  sk-team-0123456789", "bearer     sk-team-0123456789"}) {
    EXPECT_EQ(name_of(keys, bearer(spelled)), "team") << spelled;
  }
}

// reported-failures 5.2
TEST(ApiKeys, TakesAKeyInAFieldOfItsOwn) {
  ApiKeys keys(two_keys());
  for (const std::string_view name : {"x-api-key", "X-Api-Key", "api-key", "API-KEY"}) {
    http::Fields fields;
    fields.add(name, "sk-team-0123456789");
    EXPECT_EQ(name_of(keys, Credentials(fields)), "team") << name;
    fields.clear();
    fields.add(name, "Bearer sk-team-0123456789");
    EXPECT_FALSE(keys.authenticate(Credentials(fields)).has_value()) << name;
    fields.clear();
    fields.add(name, "");
    EXPECT_FALSE(keys.authenticate(Credentials(fields)).has_value()) << name;
  }
}

TEST(ApiKeys, RefusesARequestWithTwoKeysEvenWhereOneIsKnown) {
  ApiKeys keys(two_keys());
  const auto with = [&](std::string_view first_name, std::string_view first,
                        std::string_view second_name, std::string_view second) {
    http::Fields fields;
    fields.add(first_name, first);
    fields.add(second_name, second);
    return name_of(keys, Credentials(fields));
  };
  constexpr std::string_view kTeam = "sk-team-0123456789";
  constexpr std::string_view kOps = "sk-ops-9876543210";
  constexpr std::string_view kBearerTeam = "Bearer sk-team-0123456789";
  EXPECT_EQ(with("authorization", kBearerTeam, "x-api-key", kTeam), "team");
  EXPECT_EQ(with("api-key", kTeam, "x-api-key", kTeam), "team");
  EXPECT_EQ(with("authorization", kBearerTeam, "x-api-key", kOps), "");
  EXPECT_EQ(with("x-api-key", "unknown", "authorization", kBearerTeam), "");
  EXPECT_EQ(with("x-api-key", kTeam, "x-api-key", kOps), "");
  EXPECT_EQ(with("authorization", "Basic Zm9v", "x-api-key", kTeam), "");
  EXPECT_EQ(with("authorization", kBearerTeam, "authorization", "Bearer sk-ops-9876543210"), "");
}

// reported-failures 5.2: clients whose setting for a key is empty send the field all the same.
TEST(ApiKeys, PassesOverFieldsWithoutAKey) {
  ApiKeys keys(two_keys());
  constexpr std::string_view kTeam = "sk-team-0123456789";
  const auto with = [&](std::string_view name, std::string_view value,
                        std::string_view authorization) {
    http::Fields fields;
    fields.add("authorization", authorization);
    fields.add(name, value);
    return name_of(keys, Credentials(fields));
  };
  for (const std::string_view empty : {"", "Bearer", "bearer ", "Bearer   "}) {
    EXPECT_EQ(with("x-api-key", kTeam, empty), "team") << empty;
    EXPECT_EQ(with("x-api-key", "", empty), "") << empty;
  }
  EXPECT_EQ(with("x-api-key", "", "Bearer sk-team-0123456789"), "team");
  EXPECT_EQ(with("api-key", "", "Bearer sk-team-0123456789"), "team");
  EXPECT_EQ(with("x-api-key", kTeam, "Bearer x"), "");
  EXPECT_EQ(with("x-api-key", kTeam, "Basic"), "");
  http::Fields alone;
  alone.add("x-api-key", "");
  EXPECT_THAT(keys.authenticate(Credentials(alone)).error().message, HasSubstr("required"));
}

TEST(ApiKeys, FindsEachOfManyKeys) {
  std::vector<config::ApiKey> many;
  for (int i = 0; i < 5000; ++i) {
    many.push_back({"p" + std::to_string(i), Secret("key-" + std::to_string(i))});
  }
  ApiKeys keys(many);
  for (int i = 0; i < 5000; ++i) {
    EXPECT_EQ(name_of(keys, bearer("Bearer key-" + std::to_string(i))), "p" + std::to_string(i));
  }
  EXPECT_FALSE(keys.authenticate(bearer("Bearer key-5000")).has_value());
}

// reported-failures 1.4
TEST(ApiKeys, MakeAnAdministratorOnlyOfThoseThatAreSaidToBe) {
  std::vector<config::ApiKey> keys = two_keys();
  keys[1].role = config::Role::kAdmin;
  const ApiKeys some(keys);
  EXPECT_EQ((*some.authenticate(bearer("Bearer sk-team-0123456789")))->role,
            config::Role::kInference);
  EXPECT_EQ((*some.authenticate(bearer("Bearer sk-ops-9876543210")))->role, config::Role::kAdmin);
  EXPECT_EQ((*ApiKeys({}).authenticate(bearer(std::nullopt)))->role, config::Role::kAdmin);
}

TEST(ApiKeys, AllocatesNothingForAKnownKey) {
  if (!test::kCountsAllocations) GTEST_SKIP() << "sanitizers have operators of their own";
  ApiKeys keys(two_keys());
  ASSERT_TRUE(keys.authenticate(bearer("Bearer sk-team-0123456789")).has_value());
  EXPECT_EQ(test::allocations_of([&] {
              for (int i = 0; i < 100; ++i) {
                ASSERT_TRUE(keys.authenticate(bearer("Bearer sk-team-0123456789")).has_value());
              }
            }),
            0u);
}

// The SHA-256 is of "abc": FIPS 180-2, appendix B.1.
TEST(ApiKeys, FindsAKeyOfWhichOnlyTheHashIsKnown) {
  config::ApiKey hashed;
  hashed.name = "hashed";
  hashed.hash = config::KeyHash{0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
  const ApiKeys keys({hashed});
  const auto found = keys.authenticate(bearer("Bearer abc"));
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ((*found)->name, "hashed");
  EXPECT_FALSE(keys.authenticate(bearer("Bearer abd")).has_value());
  const std::string endless = "Bearer " + std::string(ApiKeys::kHashedKeyBytesMax + 1, 'a');
  EXPECT_FALSE(keys.authenticate(bearer(endless)).has_value());
}

TEST(ApiKeys, HaveThePermissionsOfTheOwnersAboveThem) {
  config::Owners owners;
  owners.teams.push_back({.name = "infra", .organization = "", .team = "", .terms = {}});
  owners.teams.front().terms.denied_models = {"secret"};
  config::ApiKey key{.name = "ci", .key = Secret("sk-ci-0123456789")};
  key.team = "infra";
  const ApiKeys keys({key}, owners);
  const auto found = keys.authenticate(bearer("Bearer sk-ci-0123456789"));
  ASSERT_TRUE(found.has_value());
  EXPECT_FALSE((*found)->permissions.permits_model({"secret"}));
}

}  // namespace
}  // namespace penstock::access
