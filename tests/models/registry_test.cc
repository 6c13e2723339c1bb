#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "models/registry_fixture.h"

namespace penstock::models {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The starter file has many providers without a key before the one that has one.
TEST_F(RegistryTest, PassesOverProvidersThatWaitForAKeyWhenItGivesAliasesForAll) {
  settings->providers[0].needs_key = true;
  settings->providers[1].base_url.emplace();
  settings->models = {
      {.id = "fixed", .provider_id = "all", .provider_model_id = "m"},
      {.id = "first", .provider_id = "all", .provider_model_id = "", .follows_list = true}};
  list(1, {"listed"});
  const auto catalog = registry().catalog();
  EXPECT_EQ(catalog->find("fixed")->provider, 1u);
  ASSERT_NE(catalog->find("first"), nullptr);
  EXPECT_EQ(catalog->find("first")->upstream_id, "listed");
}

TEST_F(RegistryTest, GivesAliasesToTheFirstProviderIfAllWaitForAKey) {
  settings->providers[0].needs_key = true;
  settings->providers[0].base_url.emplace();
  settings->providers[1].needs_key = true;
  settings->models = {
      {.id = "fixed", .provider_id = "all", .provider_model_id = "m"},
      {.id = "first", .provider_id = "all", .provider_model_id = "", .follows_list = true}};
  const auto catalog = registry().catalog();
  EXPECT_EQ(catalog->find("fixed")->provider, 0u);
  EXPECT_THAT(catalog->route("first").error().message, HasSubstr("provider 'p' has no key"));
}

TEST_F(RegistryTest, PublishesWhatIsConfiguredAtOnce) {
  settings->models = {{.id = "m", .provider_id = "p", .provider_model_id = "m"},
                      {.id = "alias", .provider_id = "q", .provider_model_id = "m2"},
                      {.id = "short", .provider_id = "q", .provider_model_id = ""}};
  EXPECT_THAT(ids(), ElementsAre("p/m", "q/alias", "q/short"));
  ASSERT_EQ(published.size(), 1u);
  EXPECT_EQ(published.back(), registry().catalog());
  const Model* alias = registry().catalog()->find("alias");
  EXPECT_EQ(alias->provider, 1u);
  EXPECT_EQ(alias->upstream_id, "m2");
  EXPECT_EQ(alias->created, 1'800'000'000);
}

TEST_F(RegistryTest, PublishesOnceWhatItTakesFromAnEarlierOne) {
  list(0, {"m1"});
  list(1, {"m2"});
  (void)registry().list_failed(1, Error::gateway(ErrorKind::kInternal, "away"));
  std::vector<std::shared_ptr<const Catalog>> taken;
  Registry next(settings, kNow,
                [&](std::shared_ptr<const Catalog> made) { taken.push_back(std::move(made)); });
  next.take_lists(registry());
  ASSERT_EQ(taken.size(), 2U) << "what is configured, and what is taken";
  EXPECT_NE(taken.back()->find("p/m1"), nullptr);
  EXPECT_NE(taken.back()->find("q/m2"), nullptr);
  EXPECT_EQ(next.health(1).message, "away");
}

TEST_F(RegistryTest, GivesAnAliasForAllToTheFirstProviderThatMayServeIt) {
  settings->providers[0].allowed_models = {"other"};
  settings->models = {{.id = "alias", .provider_id = "all", .provider_model_id = "m"}};
  EXPECT_EQ(registry().catalog()->find("alias")->provider, 1u);
}

TEST_F(RegistryTest, LeavesOutWhatNoProviderMayServe) {
  for (config::Provider& provider : settings->providers) provider.allowed_models = {"other"};
  settings->models = {{.id = "a", .provider_id = "all", .provider_model_id = "m"},
                      {.id = "b", .provider_id = "p", .provider_model_id = "m"},
                      {.id = "c", .provider_id = "p", .provider_model_id = "other"}};
  EXPECT_THAT(ids(), ElementsAre("p/c"));
}

TEST_F(RegistryTest, HoldsAStatedTypeApartFromAnAssumedOne) {
  settings->models = {
      {.id = "a", .provider_id = "p", .provider_model_id = "x"},
      {.id = "b", .provider_id = "p", .provider_model_id = "y", .type = "embedding"}};
  EXPECT_FALSE(registry().catalog()->find("a")->type_is_stated);
  EXPECT_TRUE(registry().catalog()->find("b")->type_is_stated);
}

TEST_F(RegistryTest, ListsTheConfigurationFirstThenWhatClientsAddThenTheProviders) {
  settings->models = {{.id = "alias", .provider_id = "p", .provider_model_id = "a"}};
  ASSERT_TRUE(registry().add(registration("added"), kNow).has_value());
  list(1, {"c"});
  list(0, {"b", "a"});
  EXPECT_THAT(ids(), ElementsAre("p/alias", "p/added", "p/b", "p/a", "q/c"));
}

TEST_F(RegistryTest, ReplacesWhatAProviderListedBefore) {
  list(0, {"a", "b"});
  list(1, {"c"});
  list(0, {"b", "d"});
  EXPECT_THAT(ids(), ElementsAre("p/b", "p/d", "q/c"));
}

TEST_F(RegistryTest, ListsOnlyWhatIsAllowed) {
  settings->providers[0].allowed_models = {"b"};
  list(0, {"a", "b"});
  EXPECT_THAT(ids(), ElementsAre("p/b"));
}

TEST_F(RegistryTest, LeavesOldCatalogsAsTheyWere) {
  list(0, {"a"});
  const std::shared_ptr<const Catalog> before = registry().catalog();
  list(0, {"b"});
  EXPECT_NE(before->find("p/a"), nullptr);
  EXPECT_EQ(before->find("p/b"), nullptr);
}

TEST_F(RegistryTest, KeepsTheModelsOfAProviderThatFails) {
  EXPECT_EQ(registry().health(0).state, ProviderHealth::State::kUnknown);
  list(0, {"a"});
  EXPECT_EQ(registry().health(0).state, ProviderHealth::State::kOk);
  const auto lines = registry().list_failed(
      0, Error::upstream(ErrorKind::kUpstreamReset, RetryClass::kNever, "it broke"));
  EXPECT_THAT(lines, ElementsAre());
  EXPECT_EQ(registry().health(0).state, ProviderHealth::State::kError);
  EXPECT_EQ(registry().health(0).message, "it broke");
  EXPECT_EQ(registry().health(1).state, ProviderHealth::State::kUnknown);
  EXPECT_THAT(ids(), ElementsAre("p/a"));
}

TEST_F(RegistryTest, RegistersAModelForAClient) {
  Registry::Registration wanted = registration("nick");
  wanted.provider_id = "q";
  wanted.provider_model_id = "m";
  wanted.type = "embedding";
  wanted.metadata = R"({"a":1})";
  const auto model = registry().add(wanted, kNow);
  ASSERT_TRUE(model.has_value());
  EXPECT_EQ((*model)->id, "q/nick");
  EXPECT_EQ((*model)->provider, 1u);
  EXPECT_EQ((*model)->upstream_id, "m");
  EXPECT_EQ((*model)->type, "embedding");
  EXPECT_TRUE((*model)->type_is_stated);
  EXPECT_NE(published.back()->find("nick"), nullptr);
}

TEST_F(RegistryTest, RefusesWhatCannotBeRegistered) {
  settings->providers[0].allowed_models = {"allowed"};
  EXPECT_THAT(refusal(registration("")), HasSubstr("model_id"));
  EXPECT_THAT(refusal(registration("other")), HasSubstr("allow-list"));
  Registry::Registration nowhere = registration("x");
  nowhere.provider_id.reset();
  EXPECT_THAT(refusal(nowhere), HasSubstr("provider_id"));
  nowhere.provider_id = "none";
  EXPECT_EQ(refusal(nowhere), "Provider none not found");
  ASSERT_TRUE(registry().add(registration("allowed"), kNow).has_value());
  EXPECT_THAT(refusal(registration("allowed")), HasSubstr("already"));
  EXPECT_THAT(ids(), ElementsAre("p/allowed"));
}

// reported-failures 1.4
TEST_F(RegistryTest, RemovesOnlyWhatWasRegisteredAtRunTimeByAnyOfItsNames) {
  settings->models = {{.id = "alias", .provider_id = "p", .provider_model_id = "a"}};
  list(0, {"a"});
  for (const char* id : {"alias", "p/alias", "p/a"}) {
    const Status kept = registry().remove(id);
    ASSERT_FALSE(kept.has_value()) << id;
    EXPECT_EQ(kept.error().kind, ErrorKind::kForbidden);
  }
  for (const char* name : {"p/nick", "nick"}) {
    Registry::Registration nick = registration("nick");
    nick.provider_model_id = "a";
    ASSERT_TRUE(registry().add(nick, kNow).has_value());
    EXPECT_TRUE(registry().remove(name).has_value()) << name;
    const Status again = registry().remove(name);
    ASSERT_FALSE(again.has_value()) << name;
    EXPECT_EQ(again.error().kind, ErrorKind::kModelNotFound);
  }
  EXPECT_THAT(ids(), ElementsAre("p/alias", "p/a"));
}

// reported-failures 7.1
TEST_F(RegistryTest, NamesAModelByItsProviderUnlessItsNameBeginsSo) {
  settings->models = {{.id = "named", .provider_id = "p", .provider_model_id = "org/m2"},
                      {.id = "q/own", .provider_id = "q", .provider_model_id = "m"},
                      {.id = "q/other", .provider_id = "p", .provider_model_id = "m"},
                      {.id = "q", .provider_id = "q", .provider_model_id = "m"}};
  EXPECT_THAT(ids(), ElementsAre("p/named", "q/own", "p/q/other", "q/q"));
  const std::shared_ptr<const Catalog> catalog = registry().catalog();
  EXPECT_EQ(catalog->route("p/named")->upstream_model, "org/m2");
  EXPECT_EQ(catalog->route("named")->upstream_model, "org/m2");
  EXPECT_EQ(catalog->route("named")->model->id, "p/named");
  // The prefix of a provider belongs to that provider, whatever others call their models.
  EXPECT_EQ(catalog->route("q/other")->provider, 1u);
  EXPECT_EQ(catalog->route("q/other")->upstream_model, "other");
}

TEST_F(RegistryTest, KeepsAFurtherNameOnlyWhileNoOtherProviderHasIt) {
  settings->models = {{.id = "named", .provider_id = "p", .provider_model_id = "m"}};
  EXPECT_TRUE(registry().catalog()->route("named").has_value());
  list(0, {"named"});
  EXPECT_EQ(registry().catalog()->route("named")->upstream_model, "m");
  list(1, {"named"});
  const auto target = registry().catalog()->route("named");
  ASSERT_FALSE(target.has_value());
  EXPECT_THAT(target.error().message, HasSubstr("Did you mean 'p/named'?"));
  list(1, {"x"});
  EXPECT_TRUE(registry().catalog()->route("named").has_value());
}

TEST_F(RegistryTest, GivesAFurtherNameThatTwoProvidersHaveToNeither) {
  settings->models = {{.id = "named", .provider_id = "p", .provider_model_id = "a"},
                      {.id = "named", .provider_id = "q", .provider_model_id = "b"}};
  EXPECT_FALSE(registry().catalog()->route("named").has_value());
  EXPECT_EQ(registry().catalog()->route("q/named")->upstream_model, "b");
}

TEST_F(RegistryTest, GivesABareAliasItsNameBeforeAFurtherName) {
  settings->models = {
      {.id = "named", .provider_id = "p", .provider_model_id = "a"},
      {.id = "named", .provider_id = "q", .provider_model_id = "b", .unprefixed_alias = true}};
  EXPECT_THAT(ids(), ElementsAre("p/named", "named"));
  EXPECT_EQ(registry().catalog()->route("named")->upstream_model, "b");
}

// reported-failures 7.3
TEST_F(RegistryTest, GivesAnAliasForAllToTheFirstProviderAndListsItOnce) {
  settings->models = {{.id = "quick", .provider_id = "all", .provider_model_id = "m"},
                      {.id = "p/x", .provider_id = "all", .provider_model_id = "m"}};
  list(0, {"m", "x"});
  list(1, {"m"});
  EXPECT_THAT(ids(), ElementsAre("quick", "p/x", "p/m", "q/m"));
  EXPECT_EQ(registry().catalog()->route("quick")->provider, 0u);
  // A registered model precedes a listed one of the same name.
  EXPECT_EQ(registry().catalog()->route("p/x")->upstream_model, "m");
}

// reported-failures 7.2
TEST_F(RegistryTest, FollowsTheFirstListedModelOfTheTypeAtEveryRefresh) {
  config::Model wanted{.id = "claude", .provider_id = "p", .provider_model_id = "auto"};
  wanted.follows_list = true;
  settings->models = {wanted};
  EXPECT_THAT(ids(), ElementsAre());
  for (const char* name : {"claude", "p/claude"}) {
    const auto unknown = registry().catalog()->route(name);
    ASSERT_FALSE(unknown.has_value()) << name;
    EXPECT_EQ(unknown.error().kind, ErrorKind::kModelNotFound);
    EXPECT_THAT(unknown.error().message, HasSubstr("provider 'p' has no base_url"));
  }
  std::vector<ListedModel> models(3);
  models[0].id = "e";
  models[0].type = "embedding";
  models[1].id = "a";
  models[2].id = "b";
  EXPECT_THAT(list_models(0, models), ElementsAre());
  EXPECT_EQ(registry().catalog()->route("claude")->upstream_model, "a");
  list(0, {"b", "a"});
  EXPECT_EQ(registry().catalog()->route("p/claude")->upstream_model, "b");
  EXPECT_THAT(ids(), ElementsAre("p/claude", "p/b", "p/a"));
}

TEST_F(RegistryTest, SaysOnceThatAModelHasNothingToFollow) {
  settings->providers[0].base_url.emplace();
  settings->providers[0].allowed_models = {"x"};
  settings->models = {{.id = "claude", .provider_id = "all", .provider_model_id = {}}};
  settings->models[0].follows_list = true;
  const Error broken = Error::upstream(ErrorKind::kUpstreamReset, RetryClass::kNever, "it broke");
  EXPECT_THAT(
      registry().list_failed(0, broken),
      ElementsAre("model claude is not served: provider 'p' has not listed its models yet"));
  EXPECT_THAT(registry().list_failed(0, broken), ElementsAre());
  // An alias for all does not move to a provider that can list.
  EXPECT_THAT(list(1, {"m"}), ElementsAre());
  EXPECT_FALSE(registry().catalog()->route("claude").has_value());
  EXPECT_THAT(list(0, {"x"}), ElementsAre());
  EXPECT_EQ(registry().catalog()->route("claude")->upstream_model, "x");
  // A model that is not on the allow-list cannot be followed.
  EXPECT_THAT(list(0, {"y"}),
              ElementsAre("model claude is not served: provider 'p' lists no model of type llm"));
}

TEST_F(RegistryTest, RegistersByTheSameRuleAtRunTime) {
  list(0, {"a"});
  Registry::Registration wanted = registration("bare");
  wanted.provider_model_id = "auto";
  wanted.unprefixed_alias = true;
  ASSERT_TRUE(registry().add(wanted, kNow).has_value());
  wanted.model_id = "everywhere";
  wanted.provider_id = "all";
  ASSERT_TRUE(registry().add(wanted, kNow).has_value());
  wanted.provider_id = "q";
  wanted.model_id = "nothing";
  EXPECT_THAT(refusal(wanted), HasSubstr("provider 'q'"));
  EXPECT_THAT(ids(), ElementsAre("bare", "everywhere", "p/a"));
  list(0, {"b"});
  EXPECT_EQ(registry().catalog()->route("bare")->upstream_model, "b");
}

TEST_F(RegistryTest, TouchesNoListedModelForARegistration) {
  list(0, {"a", "b"});
  list(1, {"c"});
  const std::shared_ptr<const Catalog> before = registry().catalog();
  ASSERT_TRUE(registry().add(registration("added"), kNow).has_value());
  const std::shared_ptr<const Catalog> with = registry().catalog();
  ASSERT_TRUE(registry().remove("p/added").has_value());
  const std::shared_ptr<const Catalog> after = registry().catalog();
  EXPECT_NE(before, with);
  for (const std::size_t provider : {0u, 1u}) {
    EXPECT_EQ(&with->listed(provider), &before->listed(provider));
    EXPECT_EQ(&after->listed(provider), &before->listed(provider));
  }
  list(1, {"d"});
  EXPECT_EQ(&registry().catalog()->listed(0), &before->listed(0));
  EXPECT_NE(&registry().catalog()->listed(1), &before->listed(1));
}

TEST_F(RegistryTest, HidesAListedModelWhileOneOfItsNameIsRegistered) {
  Registry::Registration wanted = registration("a");
  wanted.provider_model_id = "target";
  ASSERT_TRUE(registry().add(wanted, kNow).has_value());
  list(0, {"b", "a", "c"});
  EXPECT_THAT(ids(), ElementsAre("p/a", "p/b", "p/c"));
  EXPECT_EQ(registry().catalog()->count_of(0), 3u);
  EXPECT_EQ(registry().catalog()->find("p/a")->upstream_id, "target");
  ASSERT_TRUE(registry().remove("p/a").has_value());
  EXPECT_THAT(ids(), ElementsAre("p/b", "p/a", "p/c"));
  EXPECT_EQ(registry().catalog()->count_of(0), 3u);
  EXPECT_EQ(registry().catalog()->find("p/a")->upstream_id, "a");
}

TEST_F(RegistryTest, CountsTheFirstOfTwoModelsWithOneIdInAList) {
  std::vector<ListedModel> models(3);
  for (ListedModel& model : models) model.id = "same";
  models[2].id = "other";
  models[0].type = "embedding";
  list_models(0, models);
  EXPECT_THAT(ids(), ElementsAre("p/same", "p/other"));
  EXPECT_EQ(registry().catalog()->find("p/same")->type, "embedding");
}

// Provider ids may contain slashes: two providers can then list the same id.
class NestedProvidersTest : public RegistryTest {
 protected:
  NestedProvidersTest() {
    settings->providers[0].id = "a/b";
    settings->providers[1].id = "a";
    settings->providers.emplace_back().id = "a/b/c";
    settings->providers.emplace_back().id = "a-b";
  }
  // Of the model that a name is routed to.
  std::size_t provider_of(std::string_view name) {
    return registry().catalog()->find(name)->provider;
  }
};

TEST_F(NestedProvidersTest, ListAnIdOnceWhicheverListArrivesFirst) {
  const auto check = [&] {
    EXPECT_THAT(ids(), ElementsAre("a/b/x", "a/b/c/y", "a/z", "a/b/c/v"));
    EXPECT_EQ(provider_of("a/b/x"), 0u);
    EXPECT_EQ(provider_of("a/b/c/y"), 0u);
    EXPECT_EQ(provider_of("a/b/c/v"), 1u);
    EXPECT_EQ(registry().catalog()->count_of(0), 2u);
    EXPECT_EQ(registry().catalog()->count_of(1), 2u);
    EXPECT_EQ(registry().catalog()->count_of(2), 0u);
  };
  const std::vector<std::vector<std::string>> lists = {
      {"x", "c/y"}, {"b/x", "z", "b/c/y", "b/c/v"}, {"y", "v"}};
  for (const std::size_t provider : {0u, 1u, 2u}) list(provider, lists[provider]);
  check();
  for (const std::size_t provider : {0u, 1u, 2u}) list(provider, {});
  EXPECT_THAT(ids(), ElementsAre());
  for (const std::size_t provider : {2u, 1u, 0u}) list(provider, lists[provider]);
  check();
  // What begins alike is not nested.
  list(3, {"x"});
  EXPECT_EQ(provider_of("a-b/x"), 3u);
}

TEST_F(NestedProvidersTest, ListAnIdOnceAfterOneOfTheirListsHasChanged) {
  list(0, {"x"});
  list(1, {"b/x", "b/y"});
  EXPECT_THAT(ids(), ElementsAre("a/b/x", "a/b/y"));
  list(0, {"y"});
  EXPECT_THAT(ids(), ElementsAre("a/b/y", "a/b/x"));
  EXPECT_EQ(provider_of("a/b/y"), 0u);
  EXPECT_EQ(provider_of("a/b/x"), 1u);
  list(1, {"b/y", "w"});
  EXPECT_THAT(ids(), ElementsAre("a/b/y", "a/w"));
  list(0, {});
  EXPECT_THAT(ids(), ElementsAre("a/b/y", "a/w"));
  EXPECT_EQ(provider_of("a/b/y"), 1u);
}

TEST_F(NestedProvidersTest, HaveAllTheirModelsOfAnIdHiddenByARegisteredOne) {
  Registry::Registration wanted = registration("x");
  wanted.provider_id = "a/b";
  wanted.provider_model_id = "target";
  ASSERT_TRUE(registry().add(wanted, kNow).has_value());
  list(0, {"x"});
  list(1, {"b/x"});
  EXPECT_THAT(ids(), ElementsAre("a/b/x"));
  EXPECT_EQ(registry().catalog()->find("a/b/x")->upstream_id, "target");
  ASSERT_TRUE(registry().remove("a/b/x").has_value());
  EXPECT_THAT(ids(), ElementsAre("a/b/x"));
  EXPECT_EQ(registry().catalog()->find("a/b/x")->upstream_id, "x");
  EXPECT_EQ(registry().catalog()->count_of(0), 1u);
  EXPECT_EQ(registry().catalog()->count_of(1), 0u);
}

// A model that is hidden does not count.
TEST_F(RegistryTest, KeepsAFurtherNameThatOnlyAHiddenModelOfAnotherProviderHas) {
  settings->models = {
      {.id = "named", .provider_id = "p", .provider_model_id = "m"},
      {.id = "q/named", .provider_id = "p", .provider_model_id = "m2", .unprefixed_alias = true}};
  list(1, {"named"});
  EXPECT_THAT(ids(), ElementsAre("p/named", "q/named"));
  ASSERT_TRUE(registry().catalog()->route("named").has_value());
  EXPECT_EQ(registry().catalog()->route("named")->upstream_model, "m");
}

}  // namespace
}  // namespace penstock::models
