#include "config/difference.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/loading.h"
#include "support/paths.h"

namespace penstock::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// A file without providers is only warned of.
Settings loaded(std::string_view text) {
  Loaded result = load(text);
  EXPECT_TRUE(result.settings) << testing::PrintToString(texts_of(result));
  return result.settings.value_or(Settings{});
}

std::string shown(const Change& change) {
  if (change.is_secret) return fmt::format("{}: {}", change.path, kind_of(change));
  return fmt::format("{}: {} -> {}", change.path, change.before.value_or("none"),
                     change.after.value_or("none"));
}

std::vector<std::string> shown_changes(std::string_view before, std::string_view after) {
  std::vector<std::string> lines;
  for (const Change& change : changes_between(loaded(before), loaded(after))) {
    lines.push_back(shown(change));
  }
  return lines;
}

// Of the only change.
Effect effect_between(std::string_view before, std::string_view after) {
  const std::vector<Change> changes = changes_between(loaded(before), loaded(after));
  EXPECT_EQ(changes.size(), 1U);
  return changes.empty() ? Effect::kAtOnce : changes.front().effect;
}

// A provider with these further lines of its `config`.
std::string provider_with(std::string_view config, std::string_view id = "p") {
  return fmt::format(
      "providers: {{inference: [{{provider_id: {}, provider_type: \"remote::vllm\", config: {{"
      "base_url: \"http://a.test/v1\"{}{}}}}}]}}\n",
      id, config.empty() ? "" : ", ", config);
}

TEST(Difference, IsEmptyBetweenEqualConfigurations) {
  const std::string text = provider_with("api_token: sk-one, network: {timeout: {connect: 1}}");
  EXPECT_THAT(shown_changes(text, text), IsEmpty());
  EXPECT_THAT(shown_changes("server: {timeouts: {connect: 5}}", ""), IsEmpty());
}

TEST(Difference, NamesTheKeyAndBothValues) {
  EXPECT_THAT(
      shown_changes("server: {timeouts: {first_byte: 90}, sse_done: strip}",
                    "server: {timeouts: {first_byte: 500ms}}"),
      ElementsAre("server.timeouts.first_byte: 90 -> 500ms", "server.sse_done: strip -> pass"));
  EXPECT_THAT(shown_changes(provider_with(""), provider_with("network: {timeout: {connect: 1}}")),
              ElementsAre("providers.inference[p].config.network.timeout.connect: none -> 1"));
  EXPECT_THAT(shown_changes("", "server: {caller_url_hosts: [gpu, '8.8.8.8']}"),
              ElementsAre("server.caller_url_hosts: [] -> [gpu, \"8.8.8.8\"]"));
}

constexpr std::string_view kTwoOfEach = R"(
providers:
  inference:
  - {provider_id: a, provider_type: "remote::ollama"}
  - {provider_id: b, provider_type: "remote::ollama"}
registered_resources:
  models: [{model_id: m, provider_id: a}, {model_id: n, provider_id: a}]
server:
  api_keys: [{name: alice, key: sk-alice-0}, {name: bob, key: sk-bob-000}]
routing:
  routes:
  - {model: smart, targets: [{provider: a, model: x}, {provider: b, model: x}]}
  - {model: cheap, targets: [{provider: a, model: y}]}
)";

TEST(Difference, FindsEntriesByTheirNames) {
  constexpr std::string_view kInAnotherOrder = R"(
providers:
  inference:
  - {provider_id: a, provider_type: "remote::ollama"}
  - {provider_id: b, provider_type: "remote::ollama", config: {refresh_models: true}}
registered_resources:
  models: [{model_id: m, provider_id: b}, {model_id: n, provider_id: a}]
server:
  api_keys: [{name: bob, key: sk-bob-000, role: admin}, {name: alice, key: sk-alice-0}]
routing:
  routes:
  - {model: cheap, targets: [{provider: a, model: y, weight: 3}]}
  - {model: smart, targets: [{provider: a, model: x}, {provider: b, model: z}]}
)";
  EXPECT_THAT(shown_changes(kTwoOfEach, kInAnotherOrder),
              ElementsAre("providers.inference[b].config.refresh_models: false -> true",
                          "registered_resources.models[m].provider_id: a -> b",
                          "server.api_keys[bob].role: inference -> admin",
                          "routing.routes[smart].targets[b].model: x -> z",
                          "routing.routes[cheap].targets[a].weight: 1 -> 3"));
}

TEST(Difference, TellsEntriesOfOneNameApart) {
  constexpr std::string_view kBefore = R"(
providers: {inference: [{provider_id: a, provider_type: "remote::ollama"},
                        {provider_id: b, provider_type: "remote::ollama"}]}
models: [{model_id: m, provider_id: a}, {model_id: m, provider_id: b}]
routing: {routes: [{model: r, targets: [{provider: a, model: x}, {provider: a, model: y}]}]}
)";
  constexpr std::string_view kAfter = R"(
providers: {inference: [{provider_id: a, provider_type: "remote::ollama"},
                        {provider_id: b, provider_type: "remote::ollama"}]}
models: [{model_id: m, provider_id: a}, {model_id: m, provider_id: b, metadata: {v: 2}}]
routing: {routes: [{model: r, targets: [{provider: a, model: x},
                                        {provider: a, model: y, weight: 5}]}]}
)";
  EXPECT_THAT(shown_changes(kBefore, kAfter),
              ElementsAre("registered_resources.models[m, b].metadata: {} -> {\"v\":2}",
                          "routing.routes[r].targets[a, y].weight: 1 -> 5"));
}

TEST(Difference, SeesAnOrderThatMatters) {
  constexpr std::string_view kReversed = R"(
providers:
  inference:
  - {provider_id: b, provider_type: "remote::ollama"}
  - {provider_id: a, provider_type: "remote::ollama"}
registered_resources:
  models: [{model_id: m, provider_id: a}, {model_id: n, provider_id: a}]
server:
  api_keys: [{name: alice, key: sk-alice-0}, {name: bob, key: sk-bob-000}]
routing:
  routes:
  - {model: smart, targets: [{provider: b, model: x}, {provider: a, model: x}]}
  - {model: cheap, targets: [{provider: a, model: y}]}
)";
  EXPECT_THAT(shown_changes(kTwoOfEach, kReversed),
              ElementsAre("providers.inference: [a, b] -> [b, a]",
                          "routing.routes[smart].targets: [a, b] -> [b, a]"));
}

TEST(Difference, SeesAChangedSecretAndDoesNotShowIt) {
  const auto file = [](std::string_view key) {
    return provider_with(fmt::format("api_token: {0}, query: {{k: {0}}}, "
                                     "network: {{headers: {{X-API-Key: {0}}}}}",
                                     key)) +
           fmt::format("server: {{api_keys: [{{name: alice, key: {0}}}]}}\n", key);
  };
  const std::string before = file("hunter2-before");
  const std::string after = file("hunter2-behind");
  EXPECT_THAT(shown_changes(before, after),
              ElementsAre("providers.inference[p].config.query.k: changed",
                          "providers.inference[p].config.api_token: changed",
                          "providers.inference[p].config.network.headers.X-API-Key: changed",
                          "server.api_keys[alice].key: changed"));
  const std::string others = provider_with("api_token: hunter2-other", "q");
  for (const auto& [one, two] : {std::pair(before, after), {before, others}, {others, before}}) {
    for (const Change& change : changes_between(loaded(one), loaded(two))) {
      EXPECT_THAT(change.before.value_or(""), Not(HasSubstr("hunter2")));
      EXPECT_THAT(change.after.value_or(""), Not(HasSubstr("hunter2")));
    }
  }
}

TEST(Difference, SeesWhatAValueDoesNotShow) {
  const auto with_proxy = [](std::string_view credentials) {
    return provider_with(
        fmt::format("network: {{proxy: {{https: \"http://{}proxy:3128\"}}}}", credentials));
  };
  const std::string path = "providers.inference[p].config.network.proxy.https: ";
  EXPECT_THAT(shown_changes(with_proxy("u:hunter2@"), with_proxy("u:hunter3@")),
              ElementsAre(path + "changed"));
  EXPECT_THAT(shown_changes(with_proxy("u:hunter2@"), with_proxy("v:hunter2@")),
              ElementsAre(path + "changed"));
  EXPECT_THAT(shown_changes(with_proxy(""), with_proxy("u:hunter2@")),
              ElementsAre(path + "http://proxy:3128 -> \"http://********@proxy:3128\""));
  EXPECT_EQ(effect_between(with_proxy("u:hunter2@"), with_proxy("u:hunter3@")),
            Effect::kProviderReconnected);
}

// A file may have another content under the same name.
TEST(Difference, SeesTheContentOfFiles) {
  const std::string file = testing::TempDir() + fmt::format("penstock-{}.pem", ::getpid());
  const auto changes = [&](const std::string& text) {
    std::ofstream(file) << "before";
    const Settings before = loaded(text);
    std::ofstream(file) << "behind";
    return changes_between(before, loaded(text));
  };
  const std::vector<Change> of_server = changes(
      fmt::format("server: {{tls_certfile: {0}, tls_keyfile: {0}, tls_cafile: {0}}}", file));
  ASSERT_EQ(of_server.size(), 3U);
  EXPECT_EQ(shown(of_server[1]), "server.tls_keyfile: changed");
  EXPECT_EQ(of_server[1].effect, Effect::kNewHandshakes);
  const std::vector<Change> of_provider = changes(provider_with(
      fmt::format("network: {{tls: {{verify: {0}, client_cert: {0}, client_key: {0}}}, "
                  "proxy: {{url: \"https://proxy\", cacert: {0}}}}}",
                  file)));
  ASSERT_EQ(of_provider.size(), 4U);
  for (const Change& change : of_provider) {
    EXPECT_TRUE(change.is_secret) << change.path;
    EXPECT_EQ(change.effect, Effect::kProviderReconnected) << change.path;
  }
  std::filesystem::remove(file);
}

TEST(Difference, ListsAnEntryThatComesOrGoesOnce) {
  EXPECT_THAT(shown_changes("", "server: {api_keys: [{name: alice, key: sk-alice-0}]}"),
              ElementsAre("server.api_keys[alice]: none -> "
                          "{name: alice, key: ********, role: inference}"));
  const std::vector<std::string> changes =
      shown_changes(provider_with("", "old"), provider_with("", "new"));
  ASSERT_EQ(changes.size(), 2U);
  EXPECT_THAT(changes[0], HasSubstr("providers.inference[old]: {provider_id: old, "));
  EXPECT_THAT(changes[1], HasSubstr("providers.inference[new]: none -> {provider_id: new, "));
}

// What SeesEveryKeyThatThereIs leaves out: amounts of which an entry has one, and what refers to
// other sections.
TEST(Difference, SeesWhatOwnersMayDo) {
  const auto key_with = [](std::string_view rest) {
    return fmt::format(
        "{{organizations: [{{name: o}}], teams: [{{name: t, organization: o}}], "
        "users: [{{name: u, team: t}}], keys: [{{name: n, {}}}]}}",
        rest);
  };
  const std::string key = key_with("key: sk-0123456789");
  for (const std::string_view other :
       {"key: sk-other-0123456789", "key: sk-0123456789, organization: o",
        "key: sk-0123456789, team: t", "key: sk-0123456789, user: u",
        "key: sk-0123456789, budget: {max_usd: 1}", "key: sk-0123456789, budget: {max_tokens: 1}",
        "key: sk-0123456789, budgets: [{max_requests: 1}]"}) {
    EXPECT_THAT(shown_changes(key, key_with(other)), SizeIs(1)) << other;
  }
  const auto hashed = [&](char digit) {
    return key_with("key_hash: sha256:" + std::string(64, digit));
  };
  EXPECT_THAT(shown_changes(hashed('0'), hashed('1')), SizeIs(1));
  const auto budget = [&](std::string_view rest) {
    return key_with(fmt::format("key: sk-0123456789, budget: {{max_usd: 1, {}}}", rest));
  };
  EXPECT_THAT(shown_changes(budget("override: {add_usd: 1, until: 2027-01-01}"),
                            budget("override: {add_usd: 2, until: 2027-01-01}")),
              ElementsAre("server.api_keys[n].budgets[1mo].override.add_usd: 1 -> 2"));
  EXPECT_THAT(shown_changes("{teams: [{name: t}]}", "{teams: [{name: t, concurrency: 1}]}"),
              ElementsAre("teams[t].concurrency: none -> 1"));
  EXPECT_THAT(shown_changes("{teams: [{name: t}, {name: s}]}", "{teams: [{name: s}, {name: t}]}"),
              IsEmpty());
}

TEST(Difference, DoesNotShowWhatFilesContain) {
  Settings before = loaded(provider_with(""));
  Settings after = loaded(provider_with("network: {headers: {X-Site: hunter2-site}}", "q"));
  before.files = {{.path = "/a", .text = Secret("http://a.test")}};
  after.files = {{.path = "/b", .text = Secret("hunter2-site")}};
  after.server.access_log = "/hunter2-site/log";
  const std::vector<Change> changes = changes_between(before, after);
  std::vector<std::string> paths;
  for (const Change& change : changes) {
    paths.push_back(shown(change));
    EXPECT_THAT(change.before.value_or("") + change.after.value_or(""),
                AllOf(Not(HasSubstr("a.test")), Not(HasSubstr("hunter2"))));
  }
  EXPECT_THAT(paths, ElementsAre("providers.inference[p]: removed", "providers.inference[q]: added",
                                 "server.access_log: changed"));
}

TEST(Difference, ListsARuleOfTheDefaultsOnce) {
  const auto routes = [](std::string_view defaults, std::string_view own) {
    return std::string(kOneProvider) + fmt::format(R"(
routing:
  defaults: {{{}}}
  routes:
  - {{model: r, targets: [{{provider: p}}]{}}}
  - {{model: s, targets: [{{provider: p}}]}}
)",
                                                   defaults, own);
  };
  EXPECT_THAT(shown_changes(routes("", ""), routes("attempts: 5, hedge: true", "")),
              ElementsAre("routing.defaults.attempts: 3 -> 5",
                          "routing.defaults.hedge: false -> "
                          "{delay: p95, max_percent: 5, with_tools: false}"));
  EXPECT_THAT(shown_changes(routes("", ", queue: {wait: 2}"), routes("", ", queue: {wait: 3}")),
              ElementsAre("routing.routes[r].queue.wait: 2 -> 3"));
  // What a route says itself stays.
  EXPECT_THAT(shown_changes(routes("", ", attempts: 5"), routes("attempts: 5", ", attempts: 5")),
              ElementsAre("routing.defaults.attempts: 3 -> 5"));
  EXPECT_THAT(
      shown_changes(routes("", ", attempts: 5"), routes("attempts: 4", "")),
      ElementsAre("routing.defaults.attempts: 3 -> 4", "routing.routes[r].attempts: 5 -> 4"));
}

TEST(Difference, TellsWhatAProviderKeeps) {
  const std::string before = provider_with("");
  EXPECT_EQ(effect_between(before, provider_with("refresh_models: true")), Effect::kProviderKept);
  EXPECT_EQ(effect_between(before, provider_with("network: {tls: {min_version: TLSv1.3}}")),
            Effect::kProviderReconnected);
  EXPECT_EQ(effect_between(before, provider_with("api_token: sk-other")),
            Effect::kProviderReplaced);
  EXPECT_EQ(effect_between(before + "models: []\n", ""), Effect::kProviderRemoved);
  EXPECT_EQ(effect_between("", before), Effect::kAtOnce);
}

TEST(Difference, NeedsARestartForWhatARunningServerCannotTake) {
  for (const std::string_view after :
       {"host: 127.0.0.2", "port: 1", "threads: 1", "core_dumps: true"}) {
    EXPECT_EQ(effect_between("", fmt::format("server: {{{}}}", after)), Effect::kNeedsRestart);
  }
  const std::vector<Change> listener = changes_between(loaded(""), loaded("admin: {}"));
  EXPECT_TRUE(std::ranges::any_of(listener, [](const Change& change) {
    return change.path == "admin.port" && change.effect == Effect::kNeedsRestart;
  }));
  EXPECT_EQ(effect_between("admin: {}", "admin: {port: 1}"), Effect::kNeedsRestart);
  EXPECT_EQ(effect_between("admin: {}", "admin: {only_here: true}"), Effect::kAtOnce);
  EXPECT_EQ(effect_between("", "server: {limits: {connections: 1}}"), Effect::kAtOnce);
}

TEST(Difference, GivesCertificatesToNewHandshakes) {
  const auto server = [](std::string_view file) {
    return fmt::format("server: {{tls_certfile: {0}/{1}, tls_keyfile: {0}/LICENSE}}",
                       PENSTOCK_SOURCE_DIR, file);
  };
  EXPECT_EQ(effect_between(server("LICENSE"), server("README.md")), Effect::kNewHandshakes);
}

TEST(Difference, SeesWhatRefersToOtherSections) {
  const std::string server = fmt::format(
      "server: {{tls_certfile: {0}/LICENSE, tls_keyfile: {0}/LICENSE}}\n", PENSTOCK_SOURCE_DIR);
  EXPECT_EQ(effect_between(server + "admin: {}", server + "admin: {tls: true}"),
            Effect::kNewHandshakes);
  const std::string providers = provider_with("");
  EXPECT_EQ(effect_between(providers, providers + "server: {ready_requires: [p]}"),
            Effect::kAtOnce);
}

TEST(Effect, HasAHeadingAndAWord) {
  EXPECT_EQ(heading_of(Effect::kProviderRemoved), "provider removed: running requests finish");
  EXPECT_EQ(word_of(Effect::kNeedsRestart), "needs_restart");
}

}  // namespace
}  // namespace penstock::config
