// The names of model routes among the models.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "models/registry_fixture.h"

namespace penstock::models {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RoutedModelsTest : public RegistryTest {
 protected:
  config::ModelRoute& add_route(std::string name, std::size_t provider,
                                std::string upstream_model = "") {
    config::ModelRoute& route = settings->routing.routes.emplace_back();
    route.model = std::move(name);
    config::RouteTarget& target = route.targets.emplace_back();
    target.provider = provider;
    target.model = std::move(upstream_model);
    return route;
  }
  const Model* find(std::string_view name) { return registry().catalog()->find(name); }
};

TEST_F(RoutedModelsTest, AreListedAsTheirFirstTargets) {
  add_route("smart", 1, "m").targets.emplace_back();
  add_route("plain", 0);
  settings->models = {{.id = "other", .provider_id = "p", .provider_model_id = ""}};
  EXPECT_THAT(ids(), ElementsAre("smart", "plain", "p/other"));
  ASSERT_NE(find("smart"), nullptr);
  EXPECT_EQ(find("smart")->provider, 1u);
  EXPECT_EQ(find("smart")->upstream_id, "m");
  EXPECT_EQ(find("smart")->created, 1'800'000'000);
  EXPECT_EQ(find("plain")->upstream_id, "plain");
  EXPECT_EQ(registry().catalog()->count_of(0), 2u);
  EXPECT_EQ(registry().catalog()->count_of(1), 1u);
}

TEST_F(RoutedModelsTest, AreNotListedIfTheyAreHiddenPrefixesOrMadeOfModels) {
  add_route("hidden", 0).hidden = true;
  add_route("gpt-*", 0);
  add_route("shared", 0).is_written = false;
  EXPECT_THAT(ids(), IsEmpty());
  EXPECT_EQ(find("hidden"), nullptr);
}

TEST_F(RoutedModelsTest, HaveTheTypeOfARegisteredModel) {
  add_route("vectors", 1, "m");
  settings->models = {{.id = "e",
                       .provider_id = "q",
                       .provider_model_id = "m",
                       .type = "embedding",
                       .metadata = R"({"embedding_dimension":8})"}};
  EXPECT_EQ(find("vectors")->type, "embedding");
  EXPECT_TRUE(find("vectors")->type_is_stated);
  EXPECT_EQ(find("vectors")->metadata.text(), R"({"embedding_dimension":8})");
}

TEST_F(RoutedModelsTest, HaveTheTypeOfAListedModelOnceItIsKnown) {
  add_route("ranker", 1, "m");
  EXPECT_EQ(find("ranker")->type, "llm");
  ListedModel listed;
  listed.id = "m";
  listed.type = "rerank";
  EXPECT_THAT(list_models(1, {listed}), IsEmpty());
  EXPECT_EQ(find("ranker")->type, "rerank");
}

TEST_F(RoutedModelsTest, HideModelsOfTheSameNameFromTheList) {
  add_route("p/a", 1, "x");
  add_route("p/b", 1, "x");
  settings->models = {{.id = "a", .provider_id = "p", .provider_model_id = ""}};
  EXPECT_THAT(list(0, {"a", "b", "c"}), IsEmpty());
  EXPECT_THAT(ids(), ElementsAre("p/a", "p/b", "p/c"));
  EXPECT_EQ(find("p/a")->provider, 1u);
  EXPECT_EQ(registry().catalog()->count_of(0), 1u);
  EXPECT_EQ(registry().catalog()->count_of(1), 2u);
}

// That is decided where the route is known.
TEST_F(RoutedModelsTest, DoNotChangeWhereRequestsGo) {
  add_route("smart", 1, "m");
  add_route("p/a", 1, "x");
  settings->models = {{.id = "a", .provider_id = "p", .provider_model_id = ""}};
  const auto catalog = registry().catalog();
  EXPECT_FALSE(catalog->route("smart"));
  ASSERT_TRUE(catalog->route("p/a"));
  EXPECT_EQ(catalog->route("p/a")->provider, 0u);
  EXPECT_EQ(catalog->name_of(1, "m"), "q/m");
}

TEST_F(RoutedModelsTest, AreSuggestedForNamesThatAreNearlyRight) {
  add_route("smart", 1, "m");
  EXPECT_THAT(registry().catalog()->not_found("smrt").message, HasSubstr("'smart'"));
}

TEST_F(RoutedModelsTest, CannotBeRegisteredOrRemovedByClients) {
  add_route("p/a", 1, "x");
  EXPECT_THAT(refusal(registration("a")), HasSubstr("already registered"));
  const Status removed = registry().remove("p/a");
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().kind, ErrorKind::kForbidden);
}

}  // namespace
}  // namespace penstock::models
