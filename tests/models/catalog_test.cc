#include "models/catalog.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace penstock::models {
namespace {

std::shared_ptr<config::Settings> providers(std::initializer_list<const char*> ids) {
  auto settings = std::make_shared<config::Settings>();
  for (const char* id : ids) settings->providers.emplace_back().id = id;
  return settings;
}

std::shared_ptr<const Model> model(std::string id, std::size_t provider, std::string upstream_id) {
  Model made;
  made.id = std::move(id);
  made.provider = provider;
  made.upstream_id = std::move(upstream_id);
  return std::make_shared<const Model>(std::move(made));
}

TEST(Catalog, FindsModelsByTheNameThatClientsUse) {
  const Catalog catalog({.registered = {model("p/a", 0, "a"), model("alias", 0, "a")}},
                        providers({"p"}), KeyedHash());
  ASSERT_NE(catalog.find("alias"), nullptr);
  EXPECT_EQ(catalog.find("alias")->upstream_id, "a");
  EXPECT_EQ(catalog.find("a"), nullptr);
  EXPECT_EQ(catalog.find(""), nullptr);
}

TEST(Catalog, CountsTheFirstOfTwoWithOneName) {
  const Catalog catalog({.registered = {model("x", 0, "first"), model("x", 1, "second")}},
                        providers({"p", "q"}), KeyedHash());
  EXPECT_EQ(catalog.find("x")->upstream_id, "first");
}

TEST(Catalog, RoutesRegisteredModels) {
  const Catalog catalog({.registered = {model("alias", 1, "a/b")}}, providers({"p", "q"}),
                        KeyedHash());
  const auto target = catalog.route("alias");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->provider, 1u);
  EXPECT_EQ(target->upstream_model, "a/b");
  EXPECT_EQ(target->model, catalog.find("alias"));
}

TEST(Catalog, RoutesWhatBeginsWithAProvidersName) {
  const Catalog catalog({}, providers({"p", "q"}), KeyedHash());
  const auto target = catalog.route("q/any/thing:1");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->provider, 1u);
  EXPECT_EQ(target->upstream_model, "any/thing:1");
  EXPECT_EQ(target->model, nullptr);
}

TEST(Catalog, PrefersTheLongestProvidersName) {
  const Catalog catalog({}, providers({"p", "p/q", "p/q/r/s"}), KeyedHash());
  const auto target = catalog.route("p/q/r");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->provider, 1u);
  EXPECT_EQ(target->upstream_model, "r");
}

TEST(Catalog, PrefersARegisteredModelToAProvidersName) {
  const Catalog catalog({.registered = {model("p/a", 1, "b")}}, providers({"p", "q"}), KeyedHash());
  EXPECT_EQ(catalog.route("p/a")->provider, 1u);
}

TEST(Catalog, RoutesAtAChosenProvider) {
  auto settings = providers({"p", "q"});
  settings->providers[1].allowed_models = {"b", "c"};
  const Catalog catalog({.registered = {model("alias", 0, "a"), model("q/named", 1, "org/x")}},
                        settings, KeyedHash());
  EXPECT_EQ(catalog.route_at(0, "alias")->upstream_model, "a");
  EXPECT_EQ(catalog.route_at(0, "any")->upstream_model, "any");
  EXPECT_EQ(catalog.route_at(0, "p/any")->upstream_model, "any");
  EXPECT_EQ(catalog.route_at(0, "q/named")->upstream_model, "q/named");
  EXPECT_EQ(catalog.route_at(1, "named")->upstream_model, "org/x");
  EXPECT_EQ(catalog.route_at(1, "q/named")->upstream_model, "org/x");
  EXPECT_EQ(catalog.route_at(1, "b")->upstream_model, "b");
  EXPECT_EQ(catalog.route_at(1, "alias").error().kind, ErrorKind::kModelNotFound);
  EXPECT_EQ(catalog.route_at(0, "").error().kind, ErrorKind::kModelNotFound);
}

TEST(Catalog, NamesAProvidersModelAsItIsRequested) {
  auto settings = providers({"p", "q"});
  settings->providers[1].allowed_models = {"b"};
  const Catalog catalog({.registered = {model("alias", 0, "a"), model("p/taken", 1, "x")}},
                        settings, KeyedHash());
  EXPECT_EQ(catalog.name_of(0, "a"), "alias");
  EXPECT_EQ(catalog.name_of(0, "any"), "p/any");
  EXPECT_EQ(catalog.name_of(1, "x"), "p/taken");
  EXPECT_EQ(catalog.name_of(1, "b"), "q/b");
  // Another provider's model has that name, the allow-list lacks it, or it is no name.
  EXPECT_EQ(catalog.name_of(0, "taken"), std::nullopt);
  EXPECT_EQ(catalog.name_of(1, "c"), std::nullopt);
  EXPECT_EQ(catalog.name_of(0, ""), std::nullopt);
}

TEST(Catalog, DoesNotRouteOtherNames) {
  const Catalog catalog({.registered = {model("p/a", 0, "a")}}, providers({"p"}), KeyedHash());
  for (const char* name : {"", "a", "p", "p/", "/a", "P/a", "pp/a", "q/a"}) {
    const auto target = catalog.route(name);
    ASSERT_FALSE(target.has_value()) << name;
    EXPECT_EQ(target.error().kind, ErrorKind::kModelNotFound);
  }
}

TEST(Catalog, KeepsToTheAllowListOfWhatIsNotRegistered) {
  auto settings = providers({"p"});
  settings->providers[0].allowed_models = {"a"};
  const Catalog catalog({}, settings, KeyedHash());
  EXPECT_TRUE(catalog.route("p/a").has_value());
  EXPECT_FALSE(catalog.route("p/b").has_value());
}

TEST(Catalog, SuggestsTheSameNameUnderItsOwnPrefixAmongAnyNumberOfModels) {
  const std::string alike(500, 'a');
  Models models;
  for (int i = 100'000; i < 140'000; ++i) {
    const std::string name = alike + std::to_string(i);
    models.push_back(model("p/q/" + name, 0, name));
  }
  const KeyedHash hash;
  Catalog::Contents contents;
  contents.listed.push_back(
      {std::make_shared<const ListedModels>("p/q", std::move(models), hash), nullptr});
  const Catalog catalog(std::move(contents), providers({"p/q"}), hash);
  const std::string last = alike + "139999";
  for (const std::string& name : {last, "x/" + last}) {
    EXPECT_TRUE(catalog.not_found(name).message.ends_with("Did you mean 'p/q/" + last + "'?"));
  }
  EXPECT_EQ(catalog.not_found("").message.find("Did you mean"), std::string::npos);
  EXPECT_EQ(catalog.not_found("/").message.find("Did you mean"), std::string::npos);
}

TEST(ModelNotFound, SpeaksTheReferencesWords) {
  EXPECT_EQ(model_not_found("nope").message,
            "Model 'nope' not found. Use 'client.models.list()' to list available Models.");
}

TEST(ModelNotFound, RepeatsOnlySoMuchOfTheName) {
  EXPECT_LT(model_not_found(std::string(100'000, 'x')).message.size(), 400u);
}

}  // namespace
}  // namespace penstock::models
