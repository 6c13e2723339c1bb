// Files of LiteLLM's proxy.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "imports/importing.h"

namespace penstock::imports {
namespace {

using std::chrono::milliseconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Imported import(std::string_view text) {
  return import_text(Source::kLiteLlm, text, "config.yaml");
}

// What one would write by hand for tests/imports/data/litellm.yaml.
constexpr std::string_view kByHand = R"(
providers:
  inference:
  - {provider_id: openai, provider_type: "remote::openai", config: {api_key: value-of-OPENAI}}
  - provider_id: azure
    provider_type: remote::azure
    config: {base_url: "https://AZURE_API_BASE/openai/v1", api_key: value-of-AZURE}
  - {provider_id: gpu, provider_type: "remote::vllm", config: {base_url: "http://gpu:8000/v1"}}
  - {provider_id: anthropic, provider_type: "remote::anthropic", config: {api_key: value-of-A}}
routing:
  defaults: {attempts: 3, balance: weighted}
  routes:
  - model: smart
    targets:
    - {provider: openai, model: gpt-5.5, weight: 3}
    - {provider: azure, model: gpt-55-prod, weight: 1, max_concurrency: 64}
    - {provider: gpu, model: qwen3-235b, priority: 1, timeouts: {first_token: 20}}
    fallbacks: {any: [cheap], context_window: [long], content_policy: [other]}
  - {model: cheap, targets: [{provider: openai, model: gpt-5-mini}]}
  - {model: long, targets: [{provider: openai, model: gpt-5-long}]}
  - {model: other, targets: [{provider: anthropic, model: claude-x}]}
)";

void expect_same(const config::ModelRoute& made, const config::ModelRoute& wanted) {
  SCOPED_TRACE(wanted.model);
  EXPECT_EQ(made.model, wanted.model);
  EXPECT_EQ(made.hidden, wanted.hidden);
  EXPECT_EQ(made.rules, wanted.rules);
  EXPECT_EQ(made.fallbacks.any, wanted.fallbacks.any);
  EXPECT_EQ(made.fallbacks.context_window, wanted.fallbacks.context_window);
  EXPECT_EQ(made.fallbacks.content_policy, wanted.fallbacks.content_policy);
  ASSERT_EQ(made.targets.size(), wanted.targets.size());
  for (std::size_t i = 0; i < made.targets.size(); ++i) {
    EXPECT_EQ(made.targets[i].provider, wanted.targets[i].provider);
    EXPECT_EQ(made.targets[i].model, wanted.targets[i].model);
    EXPECT_EQ(made.targets[i].weight, wanted.targets[i].weight);
    EXPECT_EQ(made.targets[i].priority, wanted.targets[i].priority);
    EXPECT_EQ(made.targets[i].max_concurrency, wanted.targets[i].max_concurrency);
    EXPECT_EQ(made.targets[i].timeouts, wanted.targets[i].timeouts);
  }
}

// case 58
TEST(LiteLlm, BecomesWhatOneWouldWriteByHand) {
  const Imported imported = import_example(Source::kLiteLlm);
  const config::Settings made = settings_of(imported.text);
  const config::Settings wanted = settings_of(kByHand);
  ASSERT_EQ(made.routing.routes.size(), wanted.routing.routes.size()) << imported.text;
  for (std::size_t i = 0; i < wanted.routing.routes.size(); ++i) {
    expect_same(made.routing.routes[i], wanted.routing.routes[i]);
  }
  EXPECT_EQ(made.routing.defaults, wanted.routing.defaults);
  ASSERT_EQ(made.providers.size(), wanted.providers.size());
  for (std::size_t i = 0; i < wanted.providers.size(); ++i) {
    EXPECT_EQ(made.providers[i].type, wanted.providers[i].type);
    EXPECT_EQ(made.providers[i].base_url->text(), wanted.providers[i].base_url->text());
    EXPECT_EQ(made.providers[i].api_key.empty(), wanted.providers[i].api_key.empty());
  }
}

// case 58
TEST(LiteLlm, SaysWhatCouldNotBeCarriedOver) {
  EXPECT_THAT(
      texts_of(import_example(Source::kLiteLlm).remarks),
      ElementsAre(
          HasSubstr("config.yaml:17:12: warning: model_list[1].litellm_params.rpm: not carried "
                    "over as a limit"),
          HasSubstr("24:5: warning: model_list[2].model_info: not carried over"),
          HasSubstr("30:58: warning: model_list[5].litellm_params.api_key: the secret is not "
                    "repeated: set the variable ANTHROPIC_API_KEY"),
          HasSubstr("32:29: warning: model_list[6].litellm_params.model: not carried over: the "
                    "provider sagemaker is not served"),
          HasSubstr("36:42: warning: router_settings.fallbacks[1].cheap[0]: not carried over: the "
                    "fallback of cheap to smart would lead in a circle"),
          HasSubstr("38:46: warning: router_settings.content_policy_fallbacks[0].smart[1]: not "
                    "carried over: there is no model nobody"),
          HasSubstr("39:3: warning: router_settings.redis_host: not carried over"),
          HasSubstr("41:3: warning: litellm_settings.drop_params: not carried over"),
          HasSubstr("43:15: warning: general_settings.master_key: the secret is not repeated: set "
                    "the variable LITELLM_MASTER_KEY")));
}

TEST(LiteLlm, NeverRepeatsASecret) {
  const Imported imported = import_example(Source::kLiteLlm);
  EXPECT_THAT(imported.text, Not(HasSubstr("hunter2")));
  EXPECT_THAT(imported.text, HasSubstr("${env.ANTHROPIC_API_KEY}"));
  EXPECT_THAT(imported.text, HasSubstr("${env.LITELLM_MASTER_KEY}"));
  for (const std::string& text : texts_of(imported.remarks)) {
    EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  }
}

config::ModelRoute route_of(std::string_view text) {
  const config::Settings settings = settings_of(import(text).text);
  EXPECT_EQ(settings.routing.routes.size(), 1u);
  return settings.routing.routes.empty() ? config::ModelRoute() : settings.routing.routes[0];
}

TEST(LiteLlm, TakesLimitsAsWeightsWhereNoneIsGiven) {
  const config::ModelRoute route = route_of(R"(model_list:
- {model_name: a, litellm_params: {model: openai/x, rpm: 900}}
- {model_name: a, litellm_params: {model: openai/y, rpm: 10}}
)");
  EXPECT_EQ(route.targets.at(0).weight, 900u);
  EXPECT_EQ(route.targets.at(1).weight, 10u);
}

TEST(LiteLlm, KeepsTheProportionOfFractionsAndThePlaceOfDeploymentsWithoutOrder) {
  const config::ModelRoute route = route_of(R"(model_list:
- {model_name: a, litellm_params: {model: openai/x, weight: 0.9, order: 5}}
- {model_name: a, litellm_params: {model: openai/y, weight: 0.1, order: 5}}
- {model_name: a, litellm_params: {model: openai/z}}
)");
  EXPECT_EQ(route.targets.at(0).weight, 90u);
  EXPECT_EQ(route.targets.at(1).weight, 10u);
  EXPECT_EQ(route.targets.at(0).priority, 0u);
  EXPECT_EQ(route.targets.at(2).weight, 1u);
  EXPECT_EQ(route.targets.at(2).priority, 1u);
}

TEST(LiteLlm, UsesOneProviderForOneAddressAndKey) {
  const config::Settings settings = settings_of(import(R"(model_list:
- {model_name: a, litellm_params: {model: openai/x, api_base: "http://one:8000/v1"}}
- {model_name: b, litellm_params: {model: openai/y, api_base: "http://one:8000/v1/"}}
- {model_name: c, litellm_params: {model: openai/z, api_base: "http://two:8000/api"}}
)")
                                                    .text);
  ASSERT_EQ(settings.providers.size(), 2u);
  EXPECT_EQ(settings.providers[0].id, "openai-compatible");
  EXPECT_EQ(settings.providers[0].base_url->text(), "http://one:8000/v1");
  EXPECT_EQ(settings.providers[1].id, "openai-compatible-2");
  EXPECT_EQ(settings.providers[1].base_url->text(), "http://two:8000/api");
}

TEST(LiteLlm, TakesOverRulesOfTheRouter) {
  const config::RouteRules rules = settings_of(import(R"(model_list:
- {model_name: a, litellm_params: {model: ollama/x}}
router_settings: {routing_strategy: latency-based-routing, allowed_fails: 3, cooldown_time: 400,
                  timeout: 30}
litellm_settings: {num_retries: 4}
)")
                                                   .text)
                                       .routing.defaults;
  EXPECT_EQ(rules.balance, config::Balance::kLatency);
  EXPECT_EQ(rules.attempts, 5u);
  EXPECT_EQ(rules.breaker.failures, 4u);
  EXPECT_EQ(rules.breaker.open_for, milliseconds(400'000));
  EXPECT_EQ(rules.cooldown.standard, milliseconds(400'000));
  EXPECT_EQ(rules.timeouts.first_byte, milliseconds(30'000));
}

TEST(LiteLlm, MakesRoutesOfAliasesAndGivesEveryModelTheDefaultFallback) {
  const config::Settings settings = settings_of(import(R"(model_list:
- {model_name: a, litellm_params: {model: openai/x}}
- {model_name: b, litellm_params: {model: openai/y}}
router_settings: {model_group_alias: {gpt-4: a}, default_fallbacks: [b]}
)")
                                                    .text);
  const auto& routes = settings.routing.routes;
  ASSERT_EQ(routes.size(), 3u);
  EXPECT_EQ(routes[2].model, "gpt-4");
  EXPECT_EQ(routes[2].targets.at(0).model, "x");
  EXPECT_THAT(routes[0].fallbacks.any, ElementsAre("b"));
  EXPECT_THAT(routes[1].fallbacks.any, IsEmpty());
  EXPECT_THAT(routes[2].fallbacks.any, ElementsAre("b"));
}

TEST(LiteLlm, ServesAllModelsOfAProviderWithoutARoute) {
  const Imported imported = import(R"(model_list:
- {model_name: openai/*, litellm_params: {model: openai/*}}
- {model_name: "*", litellm_params: {model: "groq/*"}}
)");
  const config::Settings settings = settings_of(imported.text);
  EXPECT_EQ(settings.providers.size(), 2u);
  EXPECT_THAT(settings.routing.routes, IsEmpty());
  EXPECT_THAT(texts_of(imported.remarks),
              ElementsAre(HasSubstr("3:16: warning: model_list[1].model_name: not carried over: "
                                    "the models are served as groq/…")));
}

TEST(LiteLlm, HasNothingToCarryOverInAnotherFile) {
  EXPECT_EQ(import("a: b\n").text, "");
  EXPECT_THAT(texts_of(import("a: b\n").remarks),
              Contains(HasSubstr("nothing in this file can be carried over")));
  EXPECT_THAT(texts_of(import("a: [\n").remarks), Contains(HasSubstr("not valid YAML")));
}

}  // namespace
}  // namespace penstock::imports
