// The section `routing`, and registered models that share a name.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "config/loading.h"

namespace penstock::config {
namespace {

using std::chrono::milliseconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kThreeProviders = R"(providers:
  inference:
  - {provider_id: openai, provider_type: "remote::openai", config: {api_key: sk-0123456789}}
  - {provider_id: azure-eu, provider_type: "remote::passthrough", config: {base_url: "http://eu"}}
  - {provider_id: local, provider_type: "remote::passthrough",
     config: {base_url: "http://gpu", allowed_models: [qwen3-235b, x, long-1]}}
)";
// The first line that follows them.
constexpr std::size_t kFirstLine = 7;

Loaded load_routing(std::string_view text) {
  return load(std::string(kThreeProviders) + std::string(text));
}

Routing routing_of(std::string_view text) {
  const Loaded loaded = load_routing(text);
  EXPECT_THAT(texts_of(loaded), IsEmpty());
  return loaded.settings ? loaded.settings->routing : Routing{};
}

// The example of the documentation's design, with each rule different from its default.
constexpr std::string_view kEverything = R"(routing:
  routes:
  - model: smart
    targets:
    - {provider: openai, model: gpt-5.5, weight: 3}
    - {provider: azure-eu, model: gpt-55-prod, weight: 1, max_concurrency: 64}
    - {provider: local, model: qwen3-235b, priority: 1, timeouts: {first_token: 20, request: 1m}}
    affinity: {keys: [session, prompt_cache_key, prefix], on_pinned_down: strip}
    fallbacks: {any: [cheap], context_window: [long], content_policy: [local/x]}
    queue: {size: 7, wait: 2s}
    hedge: {delay: p95, max_percent: 2.5}
    retry: {body_bytes: 2MiB}
    balance: latency
  - {model: cheap, targets: [{provider: openai, model: gpt-5-mini}], hedge: false, check: true}
  - {model: long, hidden: true, targets: [{provider: local, model: long-1}]}
  - {model: "gpt-*", targets: [{provider: openai}, {provider: azure-eu}]}
  defaults:
    attempts: 4
    balance: first
    retry:
      on_statuses: [404, 422]
      never_on_statuses: [501]
      lost: false
      body_bytes: 64KiB
      budget: {percent: 12.5, min_per_second: 0.5}
      backoff: {initial: 250ms, max: 10s}
    cooldown: {default: 6, min: 200ms, max: 5m, quota: 20m, credential: 61, model: 62,
               scope: credential, read_message: false, proactive: true}
    breaker: {failures: 6, failure_rate: 0.25, min_requests: 21, window: 11, open_for: 12,
              open_max: 13, successes: 3, slow_start: 0, max_ejected_percent: 50}
    hold: {bytes: 32KiB, events: 32}
    affinity: {keys: [api_key, user], prefix_bytes: 8KiB, on_pinned_down: any}
    queue: {size: 5, wait: 0}
    hedge: {delay: 800ms, max_percent: 1, with_tools: true}
    check: {path: /health, interval: 3, timeout: 1}
    timeouts: {connect: 1, first_byte: 2, first_token: 3, between_bytes: 4, request: 5m}
)";

TEST(Routing, IsEmptyWhereTheFileHasNone) {
  const Routing routing = routing_of("");
  EXPECT_THAT(routing.routes, IsEmpty());
  EXPECT_EQ(routing.defaults, RouteRules());
}

TEST(Routing, ReadsRoutesWithTheirTargets) {
  const Routing routing = routing_of(kEverything);
  ASSERT_EQ(routing.routes.size(), 4u);
  const ModelRoute& smart = routing.routes[0];
  EXPECT_EQ(smart.model, "smart");
  EXPECT_FALSE(smart.hidden);
  EXPECT_TRUE(smart.is_written);
  ASSERT_EQ(smart.targets.size(), 3u);
  EXPECT_EQ(smart.targets[0].provider, 0u);
  EXPECT_EQ(smart.targets[0].model, "gpt-5.5");
  EXPECT_EQ(smart.targets[0].weight, 3u);
  EXPECT_EQ(smart.targets[0].priority, 0u);
  EXPECT_EQ(smart.targets[0].max_concurrency, 0u);
  EXPECT_EQ(smart.targets[1].provider, 1u);
  EXPECT_EQ(smart.targets[1].max_concurrency, 64u);
  EXPECT_EQ(smart.targets[2].provider, 2u);
  EXPECT_EQ(smart.targets[2].priority, 1u);
  EXPECT_EQ(smart.targets[2].timeouts.first_token, milliseconds(20'000));
  EXPECT_EQ(smart.targets[2].timeouts.request, milliseconds(60'000));
  EXPECT_EQ(smart.targets[2].timeouts.connect, std::nullopt);
  EXPECT_THAT(smart.fallbacks.any, ElementsAre("cheap"));
  EXPECT_THAT(smart.fallbacks.context_window, ElementsAre("long"));
  EXPECT_THAT(smart.fallbacks.content_policy, ElementsAre("local/x"));
  EXPECT_TRUE(routing.routes[2].hidden);
  EXPECT_EQ(routing.routes[3].targets.at(1).model, "");
}

TEST(Routing, ReadsEveryRule) {
  const RouteRules rules = routing_of(kEverything).defaults;
  EXPECT_EQ(rules.attempts, 4u);
  EXPECT_EQ(rules.balance, Balance::kFirst);
  EXPECT_EQ(rules.retry, (RetryRules{.on_statuses = {404, 422},
                                     .never_on_statuses = {501},
                                     .lost = false,
                                     .body_bytes = 65536,
                                     .budget = {.percent = 12.5, .min_per_second = 0.5},
                                     .backoff = {milliseconds(250), milliseconds(10'000)}}));
  EXPECT_EQ(rules.cooldown, (CooldownRules{.standard = milliseconds(6'000),
                                           .min = milliseconds(200),
                                           .max = milliseconds(300'000),
                                           .quota = milliseconds(1'200'000),
                                           .credential = milliseconds(61'000),
                                           .model = milliseconds(62'000),
                                           .scope = CooldownRules::Scope::kCredential,
                                           .read_message = false,
                                           .proactive = true}));
  EXPECT_EQ(rules.breaker, (BreakerRules{.failures = 6,
                                         .failure_rate = 0.25,
                                         .min_requests = 21,
                                         .window = milliseconds(11'000),
                                         .open_for = milliseconds(12'000),
                                         .open_max = milliseconds(13'000),
                                         .successes = 3,
                                         .slow_start = milliseconds(0),
                                         .max_ejected_percent = 50}));
  EXPECT_EQ(rules.hold, (HoldRules{.bytes = 32768, .events = 32}));
  EXPECT_EQ(rules.affinity,
            (AffinityRules{.keys = {AffinityRules::Key::kApiKey, AffinityRules::Key::kUser},
                           .prefix_bytes = 8192,
                           .on_pinned_down = AffinityRules::OnPinnedDown::kAny}));
  EXPECT_EQ(rules.queue, (QueueRules{.size = 5, .wait = milliseconds(0)}));
  EXPECT_EQ(rules.hedge,
            (HedgeRules{
                .delay = milliseconds(800), .is_on = true, .max_percent = 1, .with_tools = true}));
  EXPECT_EQ(rules.check, (CheckRules{.is_on = true,
                                     .path = "/health",
                                     .interval = milliseconds(3'000),
                                     .timeout = milliseconds(1'000)}));
  EXPECT_EQ(rules.timeouts, (RouteTimeouts{.connect = milliseconds(1'000),
                                           .first_byte = milliseconds(2'000),
                                           .first_token = milliseconds(3'000),
                                           .between_bytes = milliseconds(4'000),
                                           .request = milliseconds(300'000)}));
}

// The defaults come after the routes in that file.
TEST(Routing, LetsEachRouteChangeAnyRuleAndKeepTheRest) {
  const Routing routing = routing_of(kEverything);
  const RouteRules& smart = routing.routes[0].rules;
  EXPECT_EQ(smart.balance, Balance::kLatency);
  EXPECT_EQ(smart.retry.body_bytes, 2u * 1024 * 1024);
  EXPECT_THAT(smart.retry.on_statuses, ElementsAre(404, 422));
  EXPECT_EQ(smart.affinity.keys.size(), 3u);
  EXPECT_EQ(smart.affinity.prefix_bytes, 8192u);
  EXPECT_EQ(smart.affinity.on_pinned_down, AffinityRules::OnPinnedDown::kStrip);
  EXPECT_EQ(smart.queue, (QueueRules{.size = 7, .wait = milliseconds(2'000)}));
  EXPECT_EQ(smart.hedge.delay, std::nullopt);
  EXPECT_TRUE(smart.hedge.is_on);
  EXPECT_EQ(smart.hedge.max_percent, 2.5);
  EXPECT_EQ(smart.breaker, routing.defaults.breaker);
  EXPECT_FALSE(routing.routes[1].rules.hedge.is_on);
  EXPECT_TRUE(routing.routes[1].rules.check.is_on);
  EXPECT_EQ(routing.routes[2].rules, routing.defaults);
}

TEST(Routing, IsDescribedSoThatItLoadsToTheSame) {
  const Settings before = *load_routing(kEverything).settings;
  std::string description = describe(before);
  const std::string_view mask = "\"********\"";
  description.replace(description.find(mask), mask.size(), "sk-0123456789");
  const Loaded again = load(description);
  ASSERT_TRUE(again.settings) << description << testing::PrintToString(texts_of(again));
  EXPECT_THAT(texts_of(again), IsEmpty());
  const Routing& routing = again.settings->routing;
  EXPECT_EQ(routing.defaults, before.routing.defaults);
  ASSERT_EQ(routing.routes.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    const ModelRoute& route = before.routing.routes[i];
    EXPECT_EQ(routing.routes[i].rules, route.rules) << route.model;
    EXPECT_EQ(routing.routes[i].hidden, route.hidden);
    EXPECT_EQ(routing.routes[i].fallbacks.any, route.fallbacks.any);
    ASSERT_EQ(routing.routes[i].targets.size(), route.targets.size());
    EXPECT_EQ(routing.routes[i].targets.back().timeouts, route.targets.back().timeouts);
    EXPECT_EQ(routing.routes[i].targets.front().weight, route.targets.front().weight);
  }
}

TEST(Routing, LeavesOutConditionalRoutesTargetsAndFallbacks) {
  const Loaded loaded = load(R"(providers:
  inference:
  - {provider_id: p, provider_type: "remote::passthrough"}
  - {provider_id: "${env.OFF:+q}", provider_type: "remote::passthrough"}
  - {provider_id: v, provider_type: "remote::vertexai"}
registered_resources:
  models: [{model_id: w, provider_id: v}]
routing:
  routes:
  - model: a
    targets: [{provider: p}, {provider: "${env.OFF:+q}"}, {provider: v}]
    fallbacks: {any: ["${env.OFF:+b}", c, v/m, w]}
  - {model: "${env.OFF:+b}", targets: [{provider: q}]}
  - {model: c, targets: [{provider: v}]}
)");
  ASSERT_TRUE(loaded.settings) << testing::PrintToString(texts_of(loaded));
  const std::vector<ModelRoute>& routes = loaded.settings->routing.routes;
  ASSERT_EQ(routes.size(), 1u);
  EXPECT_EQ(routes[0].targets.size(), 1u);
  EXPECT_THAT(routes[0].fallbacks.any, IsEmpty());
  EXPECT_THAT(texts_of(loaded),
              testing::IsSupersetOf({HasSubstr("11:59: warning: routing.routes[0].targets[2]: "
                                               "skipped: its provider is not served"),
                                     HasSubstr("12:40: warning: routing.routes[0].fallbacks.any[1]"
                                               ": left out: this model is not served"),
                                     HasSubstr("12:43"), HasSubstr("12:48"),
                                     HasSubstr("14:5: warning: routing.routes[2]: not served: "
                                               "none of its targets is")}));
}

struct Remark {
  std::string_view text;
  std::string_view problem;  // after the file's name and line
};

class RoutingMistake : public testing::TestWithParam<Remark> {};

// All of the text is on one line.
TEST_P(RoutingMistake, IsReportedWithItsPlaceAndWhatToDo) {
  const Loaded loaded = load_routing("routing: {" + std::string(GetParam().text) + "}\n");
  const bool is_warning = GetParam().problem.find(": warning: ") != std::string_view::npos;
  EXPECT_EQ(loaded.settings.has_value(), is_warning);
  EXPECT_THAT(texts_of(loaded), ElementsAre("run.yaml:" + std::to_string(kFirstLine) + ":" +
                                            std::string(GetParam().problem)));
}

INSTANTIATE_TEST_SUITE_P(
    OfTargets, RoutingMistake,
    testing::Values(
        Remark{"routes: [{model: a, targets: [{provider: opnai}]}]",
               "52: routing.routes[0].targets[0].provider: there is no provider with this "
               "provider_id; did you mean `openai`?"},
        Remark{"routes: [{model: a}]",
               "20: routing.routes[0]: the key `targets` (list) is missing"},
        Remark{"routes: [{model: a, targets: []}]",
               "40: routing.routes[0].targets: a route needs at least one target"},
        Remark{"routes: [{model: a, targets: [{provider: local, model: x, weight: 0}]}]",
               "40: routing.routes[0].targets: every target has the weight 0, so none is ever "
               "asked; give at least one another weight"},
        Remark{"routes: [{model: a, targets: [{provider: openai, model: x}, {provider: openai, "
               "model: x}]}]",
               "71: routing.routes[0].targets[1]: the route has this target already; give that one "
               "a higher weight instead"},
        Remark{"routes: [{model: a, targets: [{provider: openai}, {provider: openai, model: a}]}]",
               "61: routing.routes[0].targets[1]: the route has this target already; give that one "
               "a higher weight instead"},
        Remark{"routes: [{model: a, targets: [{provider: local}]}]",
               "41: routing.routes[0].targets[0]: the allowed_models of local do not include a; "
               "add it there, or remove this target"},
        Remark{"routes: [{model: a, targets: [{provider: openai, weight: 0}, {provider: azure-eu, "
               "priority: 1}]}]",
               "41: warning: routing.routes[0].targets[0]: all targets of priority 0 have the "
               "weight 0, so the next priority is asked instead"},
        Remark{"routes: [{model: a, targets: [{provider: openai, timeouts: {first_token: 8, "
               "request: 7}}]}]",
               "84: warning: routing.routes[0].targets[0].timeouts.first_token: longer than the "
               "`request` timeout, 7 s, which ends the request before"},
        Remark{"routes: [{model: a, targets: [{provider: openai, wieght: 2}]}]",
               "60: routing.routes[0].targets[0].wieght: unknown key; did you mean `weight`?"}));

INSTANTIATE_TEST_SUITE_P(
    OfNames, RoutingMistake,
    testing::Values(
        Remark{"routes: [{model: a, targets: [{provider: openai}]}, {model: a, targets: "
               "[{provider: azure-eu}]}]",
               "71: routing.routes[1].model: another route is also named a; put the targets of "
               "both into one"},
        Remark{"routes: [{model: \"a*b\", targets: [{provider: openai}]}]",
               "28: routing.routes[0].model: a star stands for any text only at the end of a "
               "name"},
        Remark{"routes: [{model: \"a\\nb\", targets: [{provider: openai}]}]",
               "28: routing.routes[0].model: a model's id has at most 1024 bytes and no control "
               "characters"},
        Remark{"routes: [{model: a, hidden: true, targets: [{provider: openai}]}]",
               "20: warning: routing.routes[0]: never used: the route is hidden, and no other one "
               "has it as a fallback"},
        Remark{"routes: [{model: a, targets: [{provider: openai}], fallbacks: {any: [bee]}}, "
               "{model: beer, targets: [{provider: openai}]}]",
               "80: routing.routes[0].fallbacks.any[0]: there is no model of this name; did you "
               "mean `beer`?"},
        Remark{"routes: [{model: a, targets: [{provider: openai}], fallbacks: {any: [local/y]}}]",
               "80: routing.routes[0].fallbacks.any[0]: there is no model of this name; name a "
               "route, a registered model, or provider_id/model"},
        Remark{"routes: [{model: a, targets: [{provider: openai}], fallbacks: {any: [a]}}]",
               "80: routing.routes[0].fallbacks.any[0]: fallbacks lead in a circle: a → a; remove "
               "one of them"},
        Remark{"routes: [{model: a, targets: [{provider: openai}], fallbacks: {any: [b1]}}, "
               "{model: \"b*\", targets: [{provider: openai}], fallbacks: {context_window: [c]}}, "
               "{model: c, targets: [{provider: openai}], fallbacks: {content_policy: [a]}}]",
               "238: routing.routes[2].fallbacks.content_policy[0]: fallbacks lead in a circle: a "
               "→ \"b*\" → c → a; remove one of them"},
        Remark{"routes: [{model: a, targets: [{provider: openai}], fallbacks: {any: [openai/x, "
               "openai/x]}}]",
               "90: warning: routing.routes[0].fallbacks.any[1]: openai/x is in this list "
               "twice"}));

INSTANTIATE_TEST_SUITE_P(
    OfRules, RoutingMistake,
    testing::Values(
        Remark{"defaults: {balance: latancy}",
               "31: routing.defaults.balance: expected one of weighted, least_busy, latency, "
               "round_robin, random, first; did you mean `latency`?"},
        Remark{"defaults: {retry: {budget: {percent: 101}}}",
               "48: routing.defaults.retry.budget.percent: expected a number from 0 to 100"},
        Remark{"defaults: {retry: {on_statuses: [503, 404], never_on_statuses: [404]}}",
               "29: routing.defaults.retry: 404 is in on_statuses and in never_on_statuses; remove "
               "it from one of them"},
        Remark{"defaults: {retry: {on_statuses: [200]}}",
               "44: routing.defaults.retry.on_statuses[0]: expected a whole number from 400 to "
               "599"},
        Remark{"defaults: {retry: {backoff: {initial: 6}}}",
               "49: routing.defaults.retry.backoff.initial: `initial` (6 s) is longer than `max` "
               "(5 s)"},
        Remark{"defaults: {cooldown: {max: 50ms}}",
               "38: routing.defaults.cooldown.max: `min` (0.1 s) is longer than `max` (0.05 s)"},
        Remark{"defaults: {breaker: {open_for: 10m}}",
               "42: routing.defaults.breaker.open_for: `open_for` (600 s) is longer than "
               "`open_max` (300 s)"},
        Remark{"defaults: {affinity: {keys: [user, user]}}",
               "46: routing.defaults.affinity.keys[1]: this key is in the list already"},
        Remark{"defaults: {hedge: {delay: p99}}",
               "37: routing.defaults.hedge.delay: expected p95, or a duration"},
        Remark{"defaults: {check: {path: health}}",
               "36: routing.defaults.check.path: expected a path, such as /v1/models"},
        Remark{"defaults: {queue: {size: 0, wait: 1}}",
               "29: warning: routing.defaults.queue: nothing waits, since `size` is 0"},
        Remark{"defaults: {timeouts: {first_token: 10m, request: 5m}}",
               "46: warning: routing.defaults.timeouts.first_token: longer than the `request` "
               "timeout, 300 s, which ends the request before"},
        Remark{"routes: [{model: a, hedge: true, targets: [{provider: openai}]}]",
               "38: warning: routing.routes[0].hedge: without effect: a second request needs a "
               "second target"}));

TEST(Routing, HasAtMost64TargetsInARoute) {
  std::string targets;
  const auto add = [&](int count) {
    targets += "{provider: azure-eu, model: m" + std::to_string(count) + "}, ";
  };
  const auto loaded = [&] {
    return load_routing("routing: {routes: [{model: a, targets: [" + targets + "]}]}\n");
  };
  for (int i = 0; i < 64; ++i) add(i);
  EXPECT_THAT(texts_of(loaded()), IsEmpty());
  add(64);
  EXPECT_THAT(texts_of(loaded()),
              ElementsAre(HasSubstr("routing.routes[0].targets: a route has at most 64 targets, "
                                    "found 65")));
}

TEST(Routing, WarnsOfARouteThatHidesARegisteredModel) {
  const Loaded loaded = load_routing(R"(models: [{model_id: m, provider_id: openai}]
routing: {routes: [{model: openai/m, targets: [{provider: azure-eu}]}]}
)");
  EXPECT_TRUE(loaded.settings);
  EXPECT_THAT(texts_of(loaded),
              ElementsAre("run.yaml:8:28: warning: routing.routes[0].model: this route hides the "
                          "registered model of the same name"));
}

TEST(Routing, KnowsRegisteredAndListedModelsAsFallbacks) {
  const Loaded loaded = load(R"(providers:
  inference:
  - {provider_id: p, provider_type: "remote::passthrough", config: {unprefixed_models: ["gpt-*"]}}
models: [{model_id: nice, provider_id: p, provider_model_id: x}]
routing:
  routes:
  - {model: a, targets: [{provider: p}], fallbacks: {any: [nice, p/nice, p/any/thing, gpt-7]}}
)");
  EXPECT_THAT(texts_of(loaded), IsEmpty());
}

constexpr std::string_view kAlias = "metadata: {_unprefixed_alias: true}";

std::string models(const std::vector<std::string>& entries) {
  std::string text = "registered_resources:\n  models:\n";
  for (const std::string& entry : entries) {
    text += "  - {" + entry + ", " + std::string(kAlias) + "}\n";
  }
  return text;
}

TEST(SharedNames, BecomeARouteOfEqualTargets) {
  const Routing routing =
      routing_of("routing: {defaults: {attempts: 7}}\n" +
                 models({"model_id: smart, provider_id: openai, provider_model_id: gpt-5.5",
                         "model_id: other, provider_id: openai",
                         "model_id: smart, provider_id: local, provider_model_id: x"}));
  ASSERT_EQ(routing.routes.size(), 1u);
  const ModelRoute& route = routing.routes[0];
  EXPECT_EQ(route.model, "smart");
  EXPECT_FALSE(route.is_written);
  EXPECT_EQ(route.rules.attempts, 7u);
  ASSERT_EQ(route.targets.size(), 2u);
  EXPECT_EQ(route.targets[0].provider, 0u);
  EXPECT_EQ(route.targets[0].model, "gpt-5.5");
  EXPECT_EQ(route.targets[1].provider, 2u);
  EXPECT_EQ(route.targets[1].model, "x");
  EXPECT_EQ(route.targets[0].weight, route.targets[1].weight);
}

TEST(SharedNames, BecomeARouteOfModelsThatAreListedUnderTheirProviders) {
  const std::string_view text = R"(registered_resources:
  models:
    - {model_id: smart, provider_id: openai, provider_model_id: gpt-5.5}
    - {model_id: other, provider_id: openai}
    - {model_id: smart, provider_id: local, provider_model_id: x}
    - {model_id: kinds, provider_id: openai}
    - {model_id: kinds, provider_id: azure-eu, model_type: rerank}
)";
  const Routing routing = routing_of(text);
  ASSERT_EQ(routing.routes.size(), 1u);
  EXPECT_EQ(routing.routes[0].model, "smart");
  EXPECT_FALSE(routing.routes[0].is_written);
  ASSERT_EQ(routing.routes[0].targets.size(), 2u);
  EXPECT_EQ(routing.routes[0].targets[0].model, "gpt-5.5");
  EXPECT_EQ(routing.routes[0].targets[1].model, "x");
}

TEST(SharedNames, AreDescribedAsTheirModelsOnly) {
  const Settings settings = settings_of(
      std::string(kThreeProviders) +
      models({"model_id: smart, provider_id: openai", "model_id: smart, provider_id: azure-eu"}));
  EXPECT_EQ(settings.routing.routes.size(), 1u);
  EXPECT_EQ(describe(settings).find("routes:"), std::string::npos);
}

TEST(SharedNames, GiveWayToAWrittenRoute) {
  const Loaded loaded = load_routing(
      "routing: {routes: [{model: smart, targets: [{provider: "
      "openai}]}]}\n" +
      models({"model_id: smart, provider_id: openai", "model_id: smart, provider_id: azure-eu"}));
  ASSERT_TRUE(loaded.settings);
  EXPECT_EQ(loaded.settings->routing.routes.size(), 1u);
  EXPECT_TRUE(loaded.settings->routing.routes[0].is_written);
}

TEST(SharedNames, AreAnErrorWithinOneProvider) {
  EXPECT_THAT(texts_of(load_routing(
                  models({"model_id: m, provider_id: openai", "model_id: m, provider_id: azure-eu",
                          "model_id: m, provider_id: openai"}))),
              ElementsAre(HasSubstr("11:16: registered_resources.models[2].model_id: another model "
                                    "is also named m")));
  // The first provider under another name.
  EXPECT_THAT(texts_of(load_routing(
                  models({"model_id: m, provider_id: openai", "model_id: m, provider_id: all"}))),
              ElementsAre(HasSubstr("another model is also named m")));
}

TEST(SharedNames, AreAnErrorIfTheModelsCannotTakeEachOthersPlace) {
  EXPECT_THAT(
      texts_of(load_routing(models({"model_id: m, provider_id: openai",
                                    "model_id: m, provider_id: azure-eu, provider_model_id: auto",
                                    "model_id: m, provider_id: local, model_type: rerank"}))),
      Contains(HasSubstr("need a provider_model_id other than auto")));
  EXPECT_THAT(
      texts_of(load_routing(models({"model_id: m, provider_id: openai",
                                    "model_id: m, provider_id: azure-eu, model_type: rerank"}))),
      ElementsAre(HasSubstr("is of the type llm; give them one model_type, or different "
                            "names")));
}

}  // namespace
}  // namespace penstock::config
