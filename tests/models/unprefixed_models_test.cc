// Listed models whose names have no provider's prefix (unprefixed_models).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/registry_fixture.h"

namespace penstock::models {
namespace {

using ::testing::ElementsAre;

class UnprefixedModels : public RegistryTest {};

TEST_F(UnprefixedModels, ListsNamesWithoutPrefixWhereAProviderAsksForThem) {
  settings->providers[0].unprefixed_models = {"claude-*"};
  list(0, {"claude-x", "gpt", "q/y"});
  list(1, {"claude-x"});
  EXPECT_THAT(ids(), ElementsAre("claude-x", "p/gpt", "p/q/y", "q/claude-x"));
  const auto catalog = registry().catalog();
  EXPECT_EQ(catalog->route("claude-x")->provider, 0u);
  EXPECT_EQ(catalog->route("claude-x")->upstream_model, "claude-x");
  EXPECT_EQ(catalog->route("p/claude-x")->model->id, "claude-x");
  EXPECT_EQ(catalog->route("q/claude-x")->provider, 1u);
  EXPECT_FALSE(catalog->route("gpt"));
}

TEST_F(UnprefixedModels, GivesANameWithoutPrefixToTheFirstProviderAndSaysSoOnce) {
  settings->providers[0].unprefixed_models = {"*"};
  settings->providers[1].unprefixed_models = {"*"};
  EXPECT_THAT(list(1, {"a", "b"}), ElementsAre());
  EXPECT_THAT(list(0, {"b", "c"}),
              ElementsAre("provider q: an earlier provider has models of the same names, 1 in all; "
                          "the first is 'b'. Ask for this one as 'q/b'"));
  EXPECT_THAT(ids(), ElementsAre("b", "c", "a"));
  EXPECT_EQ(registry().catalog()->route("b")->provider, 0u);
  EXPECT_EQ(registry().catalog()->route("q/b")->provider, 1u);
  EXPECT_THAT(list(0, {"b", "c"}), ElementsAre());
  // When the first provider lists it no more, it is the second one's.
  list(0, {"c"});
  EXPECT_THAT(ids(), ElementsAre("c", "a", "b"));
  EXPECT_EQ(registry().catalog()->route("b")->provider, 1u);
}

TEST_F(UnprefixedModels, PrefersARegisteredModelToAListedOneWithoutPrefix) {
  settings->providers[0].unprefixed_models = {"*"};
  settings->models = {{.id = "a", .provider_id = "all", .provider_model_id = "other"}};
  list(0, {"a", "b"});
  EXPECT_THAT(ids(), ElementsAre("a", "b"));
  EXPECT_EQ(registry().catalog()->route("a")->upstream_model, "other");
}

}  // namespace
}  // namespace penstock::models
