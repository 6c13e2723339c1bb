#include "models/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace penstock::models {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

class RegistryTest : public ::testing::Test {
 protected:
  std::shared_ptr<config::Settings> settings = std::make_shared<config::Settings>();
  std::vector<std::shared_ptr<const Catalog>> published;

  RegistryTest() {
    settings->providers.emplace_back().id = "p";
    settings->providers.emplace_back().id = "q";
  }

  Registry& registry() {
    if (!registry_) {
      registry_ = std::make_unique<Registry>(
          settings, kNow,
          [this](std::shared_ptr<const Catalog> made) { published.push_back(std::move(made)); });
    }
    return *registry_;
  }
  std::vector<std::string> ids() {
    std::vector<std::string> found;
    for (const Model& model : registry().catalog()->models()) found.push_back(model.id);
    return found;
  }
  void list(std::size_t provider, const std::vector<std::string>& upstream_ids) {
    std::vector<ListedModel> models;
    for (const std::string& id : upstream_ids) models.emplace_back().id = id;
    registry().listed(provider, std::move(models), kNow);
  }
  static Registry::Registration registration(std::string model_id) {
    Registry::Registration made;
    made.model_id = std::move(model_id);
    made.provider_id = "p";
    return made;
  }
  std::string refusal(const Registry::Registration& registration) {
    const Result<Model> model = registry().add(registration, kNow);
    EXPECT_FALSE(model.has_value());
    if (model) return "";
    EXPECT_EQ(model.error().kind, ErrorKind::kInvalidRequest);
    return model.error().message;
  }

 private:
  std::unique_ptr<Registry> registry_;
};

TEST_F(RegistryTest, PublishesWhatIsConfiguredAtOnce) {
  settings->models = {{.id = "m", .provider_id = "p", .provider_model_id = "m"},
                      {.id = "alias", .provider_id = "q", .provider_model_id = "m2"},
                      {.id = "short", .provider_id = "q", .provider_model_id = ""}};
  EXPECT_THAT(ids(), ElementsAre("p/m", "alias", "q/short"));
  ASSERT_EQ(published.size(), 1u);
  EXPECT_EQ(published.back(), registry().catalog());
  const Model* alias = registry().catalog()->find("alias");
  EXPECT_EQ(alias->provider, 1u);
  EXPECT_EQ(alias->upstream_id, "m2");
  EXPECT_EQ(alias->created, 1'800'000'000);
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
  EXPECT_THAT(ids(), ElementsAre("c"));
}

TEST_F(RegistryTest, HoldsAStatedTypeApartFromAnAssumedOne) {
  settings->models = {
      {.id = "a", .provider_id = "p", .provider_model_id = "x"},
      {.id = "b", .provider_id = "p", .provider_model_id = "y", .type = "embedding"}};
  EXPECT_FALSE(registry().catalog()->find("a")->type_is_stated);
  EXPECT_TRUE(registry().catalog()->find("b")->type_is_stated);
}

TEST_F(RegistryTest, ListsTheConfigurationFirstThenTheProvidersThenWhatClientsAdd) {
  settings->models = {{.id = "alias", .provider_id = "p", .provider_model_id = "a"}};
  ASSERT_TRUE(registry().add(registration("added"), kNow).has_value());
  list(1, {"c"});
  list(0, {"b", "a"});
  EXPECT_THAT(ids(), ElementsAre("alias", "p/b", "p/a", "q/c", "p/added"));
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
  registry().list_failed(
      0, Error::upstream(ErrorKind::kUpstreamReset, RetryClass::kNever, "it broke"));
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
  const Result<Model> model = registry().add(wanted, kNow);
  ASSERT_TRUE(model.has_value());
  EXPECT_EQ(model->id, "nick");
  EXPECT_EQ(model->provider, 1u);
  EXPECT_EQ(model->upstream_id, "m");
  EXPECT_EQ(model->type, "embedding");
  EXPECT_TRUE(model->type_is_stated);
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

TEST_F(RegistryTest, RemovesModelsOfEverySource) {
  settings->models = {{.id = "alias", .provider_id = "p", .provider_model_id = "a"}};
  list(0, {"a"});
  ASSERT_TRUE(registry().add(registration("added"), kNow).has_value());
  for (const char* id : {"alias", "p/a", "p/added"}) {
    EXPECT_TRUE(registry().remove(id).has_value()) << id;
    const Status again = registry().remove(id);
    ASSERT_FALSE(again.has_value()) << id;
    EXPECT_EQ(again.error().kind, ErrorKind::kModelNotFound);
  }
  EXPECT_THAT(ids(), ElementsAre());
  list(0, {"a"});
  EXPECT_THAT(ids(), ElementsAre("p/a"));
}

}  // namespace
}  // namespace penstock::models
