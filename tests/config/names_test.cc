// Names and roles in the file: how registered models are named, and what is shown of providers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "config/load.h"
#include "config/loading.h"
#include "config/model_name.h"

namespace penstock::config {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// reported-failures 7.3
TEST(Configuration, ReadsTheMarkerOfAnAliasAndDoesNotShowIt) {
  const Settings settings = settings_of(std::string(kOneProvider) + R"(    config:
      base_url: "http://h"
registered_resources:
  models:
  - {model_id: a, provider_id: p, metadata: {_unprefixed_alias: true, x: 1}}
  - {model_id: b, provider_id: p, metadata: {_unprefixed_alias: false}}
  - {model_id: c, provider_id: p, provider_model_id: auto}
  - {model_id: auto, provider_id: p}
)");
  EXPECT_TRUE(settings.models[0].unprefixed_alias);
  EXPECT_EQ(settings.models[0].metadata, R"({"x":1})");
  EXPECT_FALSE(settings.models[1].unprefixed_alias);
  EXPECT_EQ(settings.models[1].metadata, "{}");
  EXPECT_TRUE(settings.models[2].follows_list);
  EXPECT_FALSE(settings.models[3].follows_list) << "a model may be called so by its upstream";
  const Settings again = settings_of(describe(settings));
  EXPECT_EQ(describe(again), describe(settings));
  EXPECT_TRUE(again.models[0].unprefixed_alias);
  EXPECT_TRUE(again.models[2].follows_list);
  EXPECT_FALSE(again.models[3].follows_list);
}

TEST(ListedName, HasNoPrefixWhereThatIsAskedForAndClear) {
  std::vector<Provider> providers(2);
  providers[0].id = "router";
  providers[1].id = "openai";
  EXPECT_EQ(listed_name(providers, 0, "claude-x"), "router/claude-x");
  providers[0].unprefixed_models = {"claude-*", "openai/*"};
  EXPECT_EQ(listed_name(providers, 0, "claude-x"), "claude-x");
  EXPECT_EQ(listed_name(providers, 0, "other"), "router/other");
  // It would take the name of the other provider's model.
  EXPECT_EQ(listed_name(providers, 0, "openai/gpt"), "router/openai/gpt");
}

TEST(Pattern, HasStarsForAnyText) {
  for (std::string_view pattern : {"*", "claude-x", "claude*", "*x", "*-*", "c*e*-x", "**x*"}) {
    EXPECT_TRUE(fits_pattern("claude-x", pattern)) << pattern;
  }
  for (std::string_view pattern : {"", "claude", "*claude", "x*", "*y*", "claude-x-*", "Claude*"}) {
    EXPECT_FALSE(fits_pattern("claude-x", pattern)) << pattern;
  }
  EXPECT_TRUE(fits_pattern("", "*"));
  EXPECT_FALSE(fits_pattern(std::string(512, 'a'), "*a*a*a*a*a*a*b"));
}

// reported-failures 7.1
TEST(Configuration, RefusesTwoModelsOfOneNameHoweverItIsWritten) {
  const Loaded loaded = load(std::string(kOneProvider) + R"(
registered_resources:
  models:
  - {model_id: m, provider_id: p, provider_model_id: x}
  - {model_id: p/m, provider_id: p, provider_model_id: y}
)");
  EXPECT_FALSE(loaded.settings);
  EXPECT_THAT(texts_of(loaded), Contains(HasSubstr("another model is also named p/m")));
}

TEST(Configuration, WarnsOfModelsThatHelpNobody) {
  const Loaded loaded = load(R"(
providers:
  inference:
  - provider_id: p
    provider_type: remote::passthrough
    config: {base_url: "http://h", allowed_models: [a]}
registered_resources:
  models:
  - {model_id: e, provider_id: p, provider_model_id: a, model_type: embedding}
  - {model_id: b, provider_id: p}
)");
  ASSERT_TRUE(loaded.settings);
  EXPECT_THAT(texts_of(load(std::string(kOneProvider) + R"(
registered_resources:
  models:
  - {model_id: a, provider_id: all, provider_model_id: auto}
)")),
              ElementsAre(HasSubstr("p has no base_url")));
  EXPECT_THAT(texts_of(loaded), ElementsAre(HasSubstr("embedding_dimension"),
                                            HasSubstr("the allowed_models of p do not include b")));
}

// reported-failures 7.10
TEST(Configuration, KeepsAProvidersConfigAsItIsWrittenWithoutItsSecrets) {
  const Settings settings = settings_of(R"(
providers:
  inference:
  - provider_id: p
    provider_type: remote::passthrough
    config:
      base_url: ${env.URL}
      api_key: sk-canary-1
      allowed_models: [a, "5"]
      query: {key: sk-canary-2}
      forward_headers: {my_token: X-Token, tenant: X-Tenant}
      network:
        timeout: 5
        headers: {X-Plain: sk-canary-3}
)",
                                        {{"URL", "http://h:1/"}});
  EXPECT_EQ(settings.providers[0].shown_config,
            R"({"base_url":"http://h:1/","api_key":"********","allowed_models":["a","5"],)"
            R"("query":{"key":"********"},)"
            R"("forward_headers":{"my_token":"********","tenant":"X-Tenant"},)"
            R"("network":{"timeout":5,"headers":{"X-Plain":"********"}}})");
}

TEST(Configuration, ShowsNoUserOfAUrlInAProvidersConfig) {
  const Loaded loaded = load(R"(
providers:
  inference:
  - provider_id: p
    provider_type: remote::passthrough
    config:
      base_url: http://h/@v1
      network:
        proxy: {http: "http://user:sk-canary@proxy:3128", https: "https://sk-canary@[::1]"}
)");
  ASSERT_TRUE(loaded.settings);
  EXPECT_EQ(loaded.settings->providers[0].shown_config,
            R"({"base_url":"http://h/@v1",)"
            R"("network":{"proxy":{"http":"http://********@proxy:3128",)"
            R"("https":"https://********@[::1]"}}})");
}

// reported-failures 1.4
TEST(Configuration, GivesAKeyARoleAndTheLeastOneUnlessSaid) {
  const Settings settings = settings_of(std::string(kOneProvider) + R"(
server:
  api_keys:
  - {name: a, key: sk-0123456789}
  - {name: b, key: sk-9876543210, role: admin}
  - sk-bare-0123456789
)");
  EXPECT_EQ(settings.server.api_keys[0].role, Role::kInference);
  EXPECT_EQ(settings.server.api_keys[1].role, Role::kAdmin);
  EXPECT_EQ(settings.server.api_keys[2].role, Role::kInference);
}

}  // namespace
}  // namespace penstock::config
