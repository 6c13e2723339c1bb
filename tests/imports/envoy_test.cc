// Manifests of Envoy AI Gateway.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "imports/importing.h"

namespace penstock::imports {
namespace {

using std::chrono::milliseconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Envoy, GivesARouteForEachModelOfARule) {
  const config::Settings settings = settings_of(import_example(Source::kEnvoy).text);
  const auto& routes = settings.routing.routes;
  ASSERT_EQ(routes.size(), 2u);
  EXPECT_EQ(routes[0].model, "smart");
  EXPECT_EQ(routes[1].model, "smart-2");
  for (const config::ModelRoute& route : routes) {
    ASSERT_EQ(route.targets.size(), 3u);
    EXPECT_EQ(route.targets[0].weight, 3u);
    EXPECT_EQ(route.targets[0].model, "");
    EXPECT_EQ(route.targets[1].model, "gpt-55-prod");
    EXPECT_EQ(route.targets[2].model, "qwen3");
    EXPECT_EQ(route.targets[2].priority, 1u);
    EXPECT_EQ(route.rules.timeouts.request, milliseconds(90'000));
    EXPECT_EQ(route.rules.timeouts.between_bytes, milliseconds(20'000));
  }
}

TEST(Envoy, GivesBackendsAsProvidersWithTheirKeysInVariables) {
  const Imported imported = import_example(Source::kEnvoy);
  EXPECT_THAT(imported.text, Not(HasSubstr("hunter2")));
  const config::Settings settings = settings_of(imported.text);
  ASSERT_EQ(settings.providers.size(), 3u);
  EXPECT_EQ(settings.providers[0].base_url->text(), "https://api.openai.com/v1");
  EXPECT_EQ(settings.providers[0].api_key.reveal(), "value-of-OPENAI_APIKEY");
  EXPECT_EQ(settings.providers[1].type, "remote::azure");
  EXPECT_EQ(settings.providers[1].base_url->text(), "https://eu.openai.azure.com/openai/v1");
  EXPECT_EQ(settings.providers[1].api_key.reveal(), "value-of-EU_KEY");
  EXPECT_EQ(settings.providers[2].base_url->text(), "http://10.0.0.7:8000/llm");
  EXPECT_TRUE(settings.providers[2].api_key.empty());
}

TEST(Envoy, TakesOverThePolicyOfItsRoute) {
  const config::RouteRules rules =
      settings_of(import_example(Source::kEnvoy).text).routing.routes.at(0).rules;
  EXPECT_EQ(rules.attempts, 6u);
  EXPECT_THAT(rules.retry.on_statuses, ElementsAre(500, 429));
  EXPECT_EQ(rules.retry.backoff.initial, milliseconds(100));
  EXPECT_EQ(rules.retry.backoff.max, milliseconds(10'000));
  EXPECT_EQ(rules.timeouts.first_byte, milliseconds(30'000));
  EXPECT_EQ(rules.breaker.failures, 1u);
  EXPECT_EQ(rules.breaker.open_for, milliseconds(5'000));
}

TEST(Envoy, SaysWhatCouldNotBeCarriedOver) {
  EXPECT_THAT(
      texts_of(import_example(Source::kEnvoy).remarks),
      ElementsAre(
          HasSubstr("19:7: warning: spec.rules[1]: not carried over: no match of x-ai-eg-model"),
          HasSubstr("20:21: warning: spec.rules[1].matches[0].headers[0]: not carried over: only "
                    "exact names of models are"),
          HasSubstr("the key is in the Secret openai-apikey: set the variable OPENAI_APIKEY"),
          HasSubstr("set the variable EU_KEY"),
          HasSubstr("not carried over: the AIServiceBackend bedrock speaks AWSBedrock"),
          HasSubstr("spec.healthCheck.passive.interval: not carried over"),
          HasSubstr("93:7: warning: kind: not carried over: MCPRoute tools")));
}

TEST(Envoy, SaysThatAFileHasNoResources) {
  const Imported imported = import_text(Source::kEnvoy, "model_list: []\n", "config.yaml");
  EXPECT_EQ(imported.text, "");
  EXPECT_THAT(texts_of(imported.remarks),
              Contains("config.yaml:1:1: warning: not carried over: a resource of Kubernetes has a "
                       "`kind`"));
}

}  // namespace
}  // namespace penstock::imports
