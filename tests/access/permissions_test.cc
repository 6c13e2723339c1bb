// What the terms of keys permit.

#include "access/permissions.h"

#include <gtest/gtest.h>

namespace penstock::access {
namespace {

Permissions of(const config::Terms& terms) {
  Permissions permissions;
  permissions.add(terms);
  return permissions;
}

TEST(Permissions, PermitEverythingWhereTermsSayNothing) {
  const Permissions permissions = of({});
  EXPECT_TRUE(permissions.permits_address(std::nullopt));
  EXPECT_TRUE(permissions.permits_path("/v1/chat/completions"));
  EXPECT_TRUE(permissions.permits_model({"m"}));
  EXPECT_TRUE(permissions.permits_provider("p"));
  EXPECT_TRUE(permissions.permit_everything());
}

TEST(Permissions, OfModelsArePatternsAndDenialsComeFirst) {
  const Permissions permissions = of({.models = {"gpt-*", "llama"}, .denied_models = {"*-pro"}});
  EXPECT_TRUE(permissions.permits_model({"gpt-5"}));
  EXPECT_TRUE(permissions.permits_model({"llama"}));
  EXPECT_FALSE(permissions.permits_model({"llama-2"}));
  EXPECT_FALSE(permissions.permits_model({"gpt-5-pro"}));
}

TEST(Permissions, OfAModelHoldUnderEachOfItsNames) {
  const Permissions permissions = of({.models = {"gpt-*"}, .denied_models = {"openai/gpt-5-pro"}});
  EXPECT_TRUE(permissions.permits_model({"openai/gpt-5", "gpt-5"}));
  EXPECT_FALSE(permissions.permits_model({"gpt-5-pro", "openai/gpt-5-pro"}))
      << "another name leads around a denial";
}

TEST(Permissions, OfEachOwnerHold) {
  Permissions permissions = of({.models = {"gpt-*"}, .providers = {"a", "b"}});
  permissions.add({.denied_models = {"gpt-5"}, .providers = {"b", "c"}});
  EXPECT_TRUE(permissions.permits_model({"gpt-4"}));
  EXPECT_FALSE(permissions.permits_model({"gpt-5"}));
  EXPECT_FALSE(permissions.permits_provider("a"));
  EXPECT_TRUE(permissions.permits_provider("b"));
  EXPECT_FALSE(permissions.permits_provider("c"));
}

TEST(Permissions, OfAddressesAreRangesAndAUnixSocketIsInNone) {
  const Permissions permissions = of(
      {.addresses = {*AddressRange::parse("10.0.0.0/8"), *AddressRange::parse("2001:db8::/32")}});
  EXPECT_TRUE(permissions.permits_address(IpAddress::parse("10.1.2.3")));
  EXPECT_TRUE(permissions.permits_address(IpAddress::parse("::ffff:10.1.2.3")));
  EXPECT_TRUE(permissions.permits_address(IpAddress::parse("2001:db8::1")));
  EXPECT_FALSE(permissions.permits_address(IpAddress::parse("11.1.2.3")));
  EXPECT_FALSE(permissions.permits_address(std::nullopt));
}

TEST(Permissions, OfPathsArePatterns) {
  const Permissions permissions = of({.routes = {"/v1/chat/completions", "/v1/audio/*"}});
  EXPECT_TRUE(permissions.permits_path("/v1/chat/completions"));
  EXPECT_TRUE(permissions.permits_path("/v1/audio/speech"));
  EXPECT_FALSE(permissions.permits_path("/v1/embeddings"));
}

}  // namespace
}  // namespace penstock::access
