#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "config/loading.h"
#include "support/paths.h"

namespace penstock::config {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(Configuration, HasADefaultForEverythingButTheProviders) {
  const Settings settings = settings_of(kOneProvider);
  ASSERT_EQ(settings.providers.size(), 1u);
  EXPECT_EQ(settings.providers[0].id, "p");
  EXPECT_FALSE(settings.providers[0].base_url);
  EXPECT_TRUE(settings.providers[0].api_key.empty());
  EXPECT_FALSE(settings.providers[0].allowed_models);
  EXPECT_TRUE(settings.providers[0].tls.verify);
  EXPECT_EQ(settings.server.host, "127.0.0.1");
  EXPECT_EQ(settings.server.port, 8321);
  EXPECT_EQ(settings.server.timeouts.first_byte, milliseconds(600'000));
}

TEST(Configuration, DecodesEveryKeyOfAProvider) {
  const std::string source = PENSTOCK_SOURCE_DIR;
  const Settings settings =
      settings_of(R"(
providers:
  inference:
  - provider_id: vllm
    provider_type: remote::passthrough
    config:
      base_url: https://inference.example:8443/openai/
      api_key: ${env.KEY}
      allowed_models: [llama, "4.10", 4.10, '${env.UNSET:+more}']
      refresh_models: yes
      forward_headers: {token: " Authorization ", tenant: X-Tenant-ID}
      extra_blocked_headers: [X-Internal]
      network:
        tls:
          verify: ${env.CA}
          min_version: TLSv1.3
          ciphers: [ECDHE+AESGCM, DHE+AESGCM]
          client_cert: ${env.CA}
          client_key: ${env.CA}
        timeout: {connect: 500ms, read: 2m}
        headers: {X-Team: 7, X-None: }
)",
                  {{"KEY", "sk-12345678"}, {"CA", source + "/CMakeLists.txt"}});
  ASSERT_EQ(settings.providers.size(), 1u);
  const Provider& provider = settings.providers[0];
  EXPECT_EQ(provider.base_url->text(), "https://inference.example:8443/openai/v1");
  EXPECT_TRUE(provider.api_key.equals("sk-12345678"));
  EXPECT_THAT(*provider.allowed_models, ElementsAre("llama", "4.10", "4.10"));
  EXPECT_TRUE(provider.refresh_models);
  ASSERT_EQ(provider.forward_headers.size(), 2u);
  EXPECT_EQ(provider.forward_headers[0].key, "token");
  EXPECT_EQ(provider.forward_headers[0].header, "Authorization");
  EXPECT_THAT(provider.extra_blocked_headers, ElementsAre("x-internal"));
  EXPECT_TRUE(provider.tls.verify);
  EXPECT_EQ(provider.tls.ca_file, source + "/CMakeLists.txt");
  EXPECT_EQ(provider.tls.min_version, UpstreamTls::MinVersion::kTls13);
  EXPECT_EQ(provider.tls.ciphers, "ECDHE+AESGCM:DHE+AESGCM");
  EXPECT_EQ(provider.timeouts.connect, milliseconds(500));
  EXPECT_EQ(provider.timeouts.first_byte, milliseconds(120'000));
  ASSERT_EQ(provider.headers.size(), 1u);
  EXPECT_EQ(provider.headers[0].name, "X-Team");
  EXPECT_EQ(provider.headers[0].value.reveal(), "7");
}

TEST(Configuration, DecodesEveryKeyOfTheServer) {
  const Settings settings = settings_of(std::string(kOneProvider) + R"(
server:
  host: "[::1]"
  port: ${env.PORT:=9000}
  threads: 2
  registry_refresh_interval_seconds: 60
  api_keys: [{name: alice, key: alice-key-1}, {name: bob, key: bob-key-22}]
  limits: {header_bytes: 64KiB, header_fields: 50, body_bytes: 1GiB, event_bytes: 2MiB,
           answer_buffer_bytes: 0, connections: 5, connections_per_upstream: 6,
           all_bodies_bytes: 2GiB, body_bytes_per_second: 0, discarded_bytes: 3MiB,
           reserved_connections: 7}
  timeouts: {connect: 1, first_byte: 2s, between_bytes: 3000ms, request: 1h, client_header: 0.5,
             client_body: 6, client_write: 7, idle: 8, upstream_idle: 9, drain: 0,
             upstream_lifetime: 11, first_event: 1s, linger: 10, discard: 11, refused_idle: 12}
  sse_done: strip
  access_log: off
  caller_url_hosts: [GPU-1.internal, "::1", "gpu:8000", "[::2]:8000", "gpu-2:*"]
)");
  const Server& server = settings.server;
  EXPECT_EQ(server.host, "::1");
  EXPECT_EQ(server.port, 9000);
  EXPECT_EQ(server.threads, 2u);
  EXPECT_EQ(server.registry_refresh_interval, std::chrono::seconds(60));
  ASSERT_EQ(server.api_keys.size(), 2u);
  EXPECT_EQ(server.api_keys[1].name, "bob");
  EXPECT_TRUE(server.api_keys[1].key.equals("bob-key-22"));
  EXPECT_EQ(server.limits.header_bytes, 65536u);
  EXPECT_EQ(server.limits.header_fields, 50u);
  EXPECT_EQ(server.limits.body_bytes, std::size_t{1} << 30);
  EXPECT_EQ(server.limits.event_bytes, std::size_t{2} << 20);
  EXPECT_EQ(server.limits.answer_buffer_bytes, 0u);
  EXPECT_EQ(server.limits.reserved_connections, 7u);
  EXPECT_EQ(server.limits.all_bodies_bytes, std::size_t{2} << 30);
  EXPECT_EQ(server.limits.body_bytes_per_second, 0u);
  EXPECT_EQ(server.limits.discarded_bytes, std::size_t{3} << 20);
  EXPECT_EQ(server.limits.connections, 5u);
  EXPECT_EQ(server.limits.connections_per_upstream, 6u);
  EXPECT_EQ(server.timeouts.connect, milliseconds(1'000));
  EXPECT_EQ(server.timeouts.first_byte, milliseconds(2'000));
  EXPECT_EQ(server.timeouts.between_bytes, milliseconds(3'000));
  EXPECT_EQ(server.timeouts.first_event, milliseconds(1'000));
  EXPECT_EQ(server.timeouts.request, milliseconds(3600'000));
  EXPECT_EQ(server.timeouts.client_header, milliseconds(500));
  EXPECT_EQ(server.timeouts.client_body, milliseconds(6'000));
  EXPECT_EQ(server.timeouts.client_write, milliseconds(7'000));
  EXPECT_EQ(server.timeouts.idle, milliseconds(8'000));
  EXPECT_EQ(server.timeouts.upstream_idle, milliseconds(9'000));
  EXPECT_EQ(server.timeouts.upstream_lifetime, milliseconds(11'000));
  EXPECT_EQ(server.timeouts.drain, milliseconds(0));
  EXPECT_EQ(server.timeouts.refused_idle, milliseconds(12'000));
  EXPECT_EQ(server.timeouts.linger, milliseconds(10'000));
  EXPECT_EQ(server.timeouts.discard, milliseconds(11'000));
  EXPECT_EQ(server.sse_done, SseDone::kStrip);
  EXPECT_EQ(server.access_log, "off");
  using Ports = CallerUrlHost::Ports;
  EXPECT_THAT(
      server.caller_url_hosts,
      ElementsAre(CallerUrlHost{"gpu-1.internal", Ports::kOfScheme, 0},
                  CallerUrlHost{"::1", Ports::kOfScheme, 0},
                  CallerUrlHost{"gpu", Ports::kOne, 8000}, CallerUrlHost{"::2", Ports::kOne, 8000},
                  CallerUrlHost{"gpu-2", Ports::kAny, 0}));
}

TEST(Configuration, DecodesModelsWithTheirMetadata) {
  const Settings settings = settings_of(std::string(kOneProvider) + R"(
registered_resources:
  models:
  - model_id: fast
    provider_id: all
    provider_model_id: org/small
  - model_id: embed
    provider_id: p
    model_type: embedding
    metadata: {embedding_dimension: 3, z: 1, a: -0.5, list: [true, "true", ~, no],
               text: 007, "quoted": "5",
               env: "${env.DIMENSION}", word: "${env.WORD}", nested: {x: {}}}
models:
- model_id: old
)",
                                        {{"DIMENSION", "384"}, {"WORD", "no"}});
  ASSERT_EQ(settings.models.size(), 3u);
  EXPECT_EQ(settings.models[0].provider_id, "all");
  EXPECT_EQ(settings.models[0].provider_model_id, "org/small");
  EXPECT_EQ(settings.models[0].type, "llm");
  EXPECT_EQ(settings.models[0].metadata, "{}");
  EXPECT_EQ(settings.models[1].provider_model_id, "embed");
  EXPECT_EQ(settings.models[1].type, "embedding");
  EXPECT_EQ(settings.models[1].metadata,
            R"({"embedding_dimension":3,"z":1,"a":-0.5,"list":[true,"true",null,false],)"
            R"("text":"007","quoted":"5",)"
            R"("env":384,"word":"no","nested":{"x":{}}})");
  EXPECT_EQ(settings.models[2].id, "old");
  EXPECT_EQ(settings.models[2].provider_id, "p");
}

TEST(Configuration, SkipsProvidersAndModelsThatAreSwitchedOff) {
  const Settings settings = settings_of(R"(
providers:
  inference:
  - provider_id: p
    provider_type: remote::passthrough
  - provider_id: ${env.UNSET:+off}
    provider_type: remote::passthrough
    config: {base_url: "${env.ALSO_UNSET}", nonsense: 1}
  - provider_id: ${env.UNSET:=__disabled__}
    provider_type: remote::other
    config: {base_url: "${env.ALSO_UNSET}"}
  - provider_id:
    provider_type: remote::passthrough
registered_resources:
  models:
  - model_id: ${env.UNSET:+m}
    provider_id: p
  - model_id: m
    provider_id: ${env.UNSET:+off}
  - model_id: m
    provider_id: __disabled__
)");
  EXPECT_EQ(settings.providers.size(), 1u);
  EXPECT_THAT(settings.models, IsEmpty());
}

TEST(Configuration, TakesBothNamesOfTheUpstreamsUrl) {
  for (std::string_view key : {"url", "base_url"}) {
    const Settings settings = settings_of(std::string(kOneProvider) + "    config: {" +
                                          std::string(key) + ": 'http://host'}\n");
    EXPECT_EQ(settings.providers[0].base_url->text(), "http://host/v1") << key;
  }
}

TEST(Configuration, TakesNothingForTheDefault) {
  const Settings settings = settings_of(R"(
server: {host: , port: null, auth: null, cors: ~, limits: , api_keys: "${env.UNSET:=}"}
storage: {}
shields: []
providers:
  inference:
  - provider_id: p
    provider_type: remote::passthrough
    config: {base_url: "${env.UNSET:=}", api_key: "", allowed_models: , network: }
)");
  EXPECT_EQ(settings.server.port, 8321);
  EXPECT_FALSE(settings.providers[0].base_url);
}

TEST(Configuration, SharesSettingsThroughAnchorsAndMergeKeys) {
  const Settings settings = settings_of(R"(
providers:
  inference:
  - provider_id: a
    provider_type: remote::passthrough
    config: &shared
      base_url: http://a
      network: {timeout: 5}
  - provider_id: b
    provider_type: remote::passthrough
    config:
      <<: *shared
      base_url: http://b
)");
  ASSERT_EQ(settings.providers.size(), 2u);
  EXPECT_EQ(settings.providers[1].base_url->host, "b");
  EXPECT_EQ(settings.providers[1].timeouts.connect, milliseconds(5'000));
  EXPECT_EQ(settings.providers[1].timeouts.between_bytes, milliseconds(5'000));
}

TEST(Configuration, HasOneWarningForEachSectionWithoutAPart) {
  const Loaded loaded = load(R"(version: '3'
image_name: starter
apis: [inference, agents, safety]
providers:
  inference:
  - provider_id: p
    provider_type: remote::passthrough
    module: x
    config:
      network: {limits: {max_connections: 5}}
  - provider_id: vertex
    provider_type: remote::vertexai
    config: {anything: "${env.NO_PROBLEM}"}
  safety:
  - provider_id: llama-guard
    provider_type: inline::llama-guard
storage: {backends: {}}
registered_resources:
  models:
  - {model_id: m, provider_id: vertex}
  shields: [{shield_id: s}]
server: {port: 1, quota: {}, workers: 4, tenancy: {mode: multi}}
)");
  EXPECT_THAT(
      texts_of(loaded),
      ElementsAre(
          "run.yaml:1:10: warning: version: this server supports version 2",
          "run.yaml:3:1: warning: apis: not supported: agents, safety; this server serves "
          "inference",
          "run.yaml:8:5: warning: providers.inference[0].module: ignored: this server does not "
          "support it",
          "run.yaml:11:5: warning: providers.inference[1]: skipped vertex of type "
          "remote::vertexai: Google's default credentials are not supported; use remote::gemini "
          "with an api_key, or remote::passthrough with the base_url of the project's OpenAI "
          "endpoint and a token that you renew",
          "run.yaml:14:3: warning: providers.safety: ignored: this server does not support it",
          "run.yaml:17:1: warning: storage: ignored: none of its backends is of SQLite or "
          "PostgreSQL; see `store`",
          "run.yaml:20:5: warning: registered_resources.models[0]: skipped: its provider is not "
          "served",
          "run.yaml:21:3: warning: registered_resources.shields: ignored: this server does not "
          "support it",
          "run.yaml:22:30: warning: server.workers: ignored: this server does not support it",
          "run.yaml:22:42: warning: server.tenancy: ignored: this server does not support it"));
  ASSERT_TRUE(loaded.settings);
  EXPECT_THAT(loaded.settings->models, IsEmpty());
}

TEST(Configuration, WarnsWhereNothingWouldBeServed) {
  EXPECT_THAT(
      texts_of(load("server: {port: 1}\n")),
      ElementsAre("run.yaml:1:1: warning: there are no `providers`, so no model is served"));
  EXPECT_THAT(texts_of(load("providers: {inference: []}\n")),
              ElementsAre(HasSubstr("warning: providers: there is no inference provider")));
}

// reported-failures 6.6
TEST(Configuration, RefusesWhatOnlyLooksLikeASubstitution) {
  const auto problems = [](std::string_view config) {
    return texts_of(load(std::string(kOneProvider) + "    config: {" + std::string(config) + "}\n",
                         {{"KEY", "sk-12345678"}}));
  };
  for (const std::string_view value :
       {"${OPENAI_API_KEY}", "${env.KEY:old-default}", "$KEY", "{{ KEY }}", "${env.key}"}) {
    EXPECT_THAT(problems("api_key: '" + std::string(value) + "'"),
                ElementsAre(HasSubstr("5:23: providers.inference[0].config.api_key: this is not a "
                                      "reference to an environment variable")))
        << value;
  }
  EXPECT_THAT(problems("base_url: '${PASSTHROUGH_URL}'"),
              ElementsAre(HasSubstr("not a reference")));
  EXPECT_THAT(problems("network: {headers: {x-api-key: $KEY}}"),
              ElementsAre(HasSubstr("network.headers.x-api-key: this is not a reference")));
  EXPECT_THAT(problems("forward_headers: {a: '${HEADER}'}"), Not(IsEmpty()));
}

TEST(Configuration, IsClosedToTheAuthenticationThatItDoesNotHave) {
  const std::string start = std::string(kOneProvider) + "server:\n  auth:\n";
  const std::string type = "    provider_config: {type: '${env.AUTH:+oauth2_token}'}\n";
  EXPECT_THAT(texts_of(load(start + type)), IsEmpty());
  EXPECT_FALSE(load(start + type, {{"AUTH", "1"}}).settings);
  EXPECT_FALSE(load(start + type + "    route_policy: [{permit: {paths: /v1/*}}]\n").settings);
  EXPECT_THAT(
      texts_of(load(start + "    provider_config: {type: github_token}\n")),
      ElementsAre("run.yaml:7:29: server.auth.provider_config.type: authentication of type "
                  "github_token is not supported; use local_api_key, and list the clients' keys "
                  "in api_keys"));
}

// reported-failures 7.4
TEST(Configuration, TakesTheReferencesLocalApiKeys) {
  const std::string start = std::string(kOneProvider) + "server:\n";
  const Loaded loaded = load(start +
                                 "  auth: {provider_config: {type: local_api_key, "
                                 "api_keys: [sk-12345678, '${env.KEY}']}}\n"
                                 "  api_keys: [{name: alice, key: sk-alice-1}]\n",
                             {{"KEY", "sk-87654321"}});
  ASSERT_THAT(texts_of(loaded), IsEmpty());
  const std::vector<ApiKey>& keys = loaded.settings->server.api_keys;
  ASSERT_EQ(keys.size(), 3u);
  EXPECT_TRUE(keys[0].key.equals("sk-12345678"));
  EXPECT_TRUE(keys[1].key.equals("sk-87654321"));
  EXPECT_EQ(keys[1].name, "key-2");
  EXPECT_EQ(keys[2].name, "alice");
  // A server that its operator believes to be protected is never open.
  for (const std::string_view auth :
       {"{provider_config: {type: local_api_key}}", "{provider_config: {api_keys: [sk-12345678]}}",
        "{provider_config: {type: local_api_key, api_keys: []}}", "{}", "{provider_config: {}}",
        "{provider_config: {type: local_api_key, api_keys: [short]}}",
        "{provider_config: {type: oauth2_token, jwks: {uri: 'https://a'}}}",
        "{provider_config: {type: local_api_key, api_keys: [sk-12345678]}, access_policy: [x]}"}) {
    const Loaded refused = load(start + "  auth: " + std::string(auth) + "\n");
    EXPECT_FALSE(refused.settings) << auth;
  }
}

// reported-failures 6.1
TEST(Configuration, KeepsThePathOfABaseUrlWhereItIsToldTo) {
  const auto config = [](std::string_view entries) {
    return settings_of(std::string(kOneProvider) + "    config: {" + std::string(entries) + "}\n")
        .providers[0];
  };
  EXPECT_EQ(config("base_url: 'https://h/v1beta/openai/', append_v1: false").base_url->text(),
            "https://h/v1beta/openai");
  EXPECT_EQ(config("append_v1: no, url: 'https://h/api/paas/v4'").base_url->text(),
            "https://h/api/paas/v4");
  EXPECT_EQ(config("append_v1: false, base_url: 'https://h'").base_url->text(), "https://h");
  EXPECT_EQ(config("append_v1: true, base_url: 'https://h'").base_url->text(), "https://h/v1");
  const Provider provider = config("base_url: 'http://h', query: {api-version: 2024-10-21, k: 5}");
  ASSERT_EQ(provider.query.size(), 2u);
  EXPECT_EQ(provider.query[0].name, "api-version");
  EXPECT_TRUE(provider.query[0].value.equals("2024-10-21"));
  EXPECT_THAT(texts_of(load(std::string(kOneProvider) + "    config: {query: {a: b}}\n")),
              ElementsAre(HasSubstr("config.query: without a base_url, callers choose")));
}

// reported-failures 6.5
TEST(Configuration, RefusesTheUrlOfAnEndpoint) {
  for (const std::string_view path :
       {"/v1/chat/completions", "/v1/chat/completions/", "/v1/completions", "/v1/embeddings",
        "/v1/models", "/openai/deployments/x/chat/completions", "/v1/Responses", "/v1/messages"}) {
    for (const std::string_view more : {"", ", append_v1: false"}) {
      EXPECT_THAT(texts_of(load(std::string(kOneProvider) + "    config: {base_url: 'http://h" +
                                std::string(path) + "'" + std::string(more) + "}\n")),
                  ElementsAre(HasSubstr("config.base_url: the path ends with `/")))
          << path;
    }
  }
}

// reported-failures 6.12
TEST(Configuration, SaysWhatToDoAboutTabsAndLineBreaks) {
  EXPECT_THAT(texts_of(load("server:\n  host: a\n\tport: 1\n")),
              ElementsAre("run.yaml:3:1: not valid YAML: this line is indented with a tab; use "
                          "spaces"));
  EXPECT_THAT(texts_of(load(std::string(kOneProvider) + "    config: {api_key: '${env.KEY}'}\n",
                            {{"KEY", "sk-12345678\n"}})),
              ElementsAre(HasSubstr("this ends with a line break, perhaps from a file")));
}

// reported-failures 7.5
TEST(Configuration, KnowsTheSectionsOfTheReferenceOfToday) {
  const Loaded loaded = load(std::string(kOneProvider) +
                             "  container_runtime: [x]\n  containers: [x]\n  prompts: [x]\n"
                             "  connectors: [x]\n  conversations: [x]\nlogging_config: {a: b}\n");
  EXPECT_TRUE(loaded.settings);
  EXPECT_EQ(loaded.problems.size(), 6u);
  EXPECT_THAT(texts_of(loaded), Each(HasSubstr("warning: ")));
}

// reported-failures 7.6, 7.7
TEST(Configuration, DoesNotMissVariablesOfWhatItSkips) {
  const std::string_view skipped = R"(registered_resources:
  models:
  - {model_id: "${env.INFERENCE_MODEL}", provider_id: oci, metadata: {a: "${env.NONE}"}}
providers:
  inference:
  - {provider_id: oci, provider_type: "remote::oci", config: {oci_region: "${env.OCI_REGION}"}}
  - {provider_id: "${env.NONE}", provider_type: "inline::other"}
)";
  const Loaded with_another =
      load(std::string(skipped) + "  - {provider_id: p, provider_type: 'remote::passthrough'}\n");
  EXPECT_TRUE(with_another.settings);
  EXPECT_THAT(texts_of(with_another), Each(HasSubstr("warning: ")));
  // None is left: an error, on the last line.
  const Loaded none = load(skipped);
  EXPECT_FALSE(none.settings);
  ASSERT_FALSE(none.problems.empty());
  EXPECT_THAT(none.problems.back().text(),
              HasSubstr("none of the 2 inference providers of this file can be served"));
}

TEST(BuiltInConfiguration, IsOnePassthroughProviderFromTheEnvironment) {
  const Loaded loaded = load_text(built_in_configuration(), "built-in",
                                  environment_of({{"PASSTHROUGH_URL", "http://127.0.0.1:8000"},
                                                  {"PASSTHROUGH_API_KEY", "sk-12345678"}}));
  EXPECT_THAT(texts_of(loaded), IsEmpty());
  ASSERT_TRUE(loaded.settings);
  const Provider& provider = loaded.settings->providers.at(0);
  EXPECT_EQ(provider.id, "passthrough");
  EXPECT_EQ(provider.base_url->text(), "http://127.0.0.1:8000/v1");
  EXPECT_TRUE(provider.api_key.equals("sk-12345678"));
}

TEST(BuiltInConfiguration, NamesTheVariableThatItNeeds) {
  const Loaded loaded = load_text(built_in_configuration(), "built-in", environment_of({}));
  EXPECT_FALSE(loaded.settings);
  EXPECT_THAT(texts_of(loaded),
              ElementsAre(HasSubstr("the environment variable PASSTHROUGH_URL is not set")));
}

TEST(ConfigurationFile, ThatCannotBeReadIsAProblem) {
  for (const std::string path : {"/nowhere/run.yaml", PENSTOCK_SOURCE_DIR "/src"}) {
    const Loaded loaded = load_file(path, environment_of({}));
    EXPECT_FALSE(loaded.settings) << path;
    EXPECT_THAT(texts_of(loaded), ElementsAre(path + ":1:1: the file cannot be read"));
  }
}

TEST(ConfigurationFile, IsReadWhole) {
  const std::string path = testing::TempDir() + "penstock_load_test.yaml";
  std::ofstream(path) << kOneProvider << "server: {port: 4}\n";
  const Loaded loaded = load_file(path, environment_of({}));
  ASSERT_TRUE(loaded.settings);
  EXPECT_EQ(loaded.settings->server.port, 4);
  std::remove(path.c_str());
}

}  // namespace
}  // namespace penstock::config
