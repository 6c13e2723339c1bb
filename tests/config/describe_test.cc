#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "config/key_files.h"
#include "config/loading.h"
#include "core/secret.h"
#include "support/paths.h"

namespace penstock::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A mask is refused as a key, so it has to be replaced before a description can be loaded.
std::string with_keys(std::string text) {
  int count = 0;
  for (std::size_t at = 0; (at = text.find(Secret::kMask, at)) != std::string::npos;) {
    text.replace(at, Secret::kMask.size(), "unmasked-key-" + std::to_string(count++));
  }
  return text;
}

constexpr std::string_view kEverythingButFiles = R"(
providers:
  inference:
  - provider_id: "null"
    provider_type: remote::passthrough
    config:
      base_url: https://[::1]:8000/a
      append_v1: false
      query: {api-version: "2024"}
      api_key: sk-hunter2
      allowed_models: ["true", "5", "a: b", "- x", "", "#c", "ö", "org/model:tag"]
      refresh_models: true
      unprefixed_models: ["claude-*", "*"]
      any_path: true
      forward_client_headers: [X-Session, -traceparent]
      forward_headers: {"a b": X-A, token: Authorization}
      extra_blocked_headers: [X-B]
      network:
        tls: {verify: false, min_version: TLSv1.3, ciphers: "A:B", client_cert: SOME_FILE,
              client_key: SOME_FILE}
        timeout: {connect: 0.25, first_byte: 1, first_token: 1, between_bytes: 1, request: 2}
        limits: {max_connections: 5, max_keepalive_connections: 0, keepalive_expiry: 2.5}
        retry_stale_connection: false
        proxy: {http: "http://u:hunter2@proxy:3128", https: "https://proxy", cacert: SOME_FILE,
                no_proxy: [10.0.0.0/8, "[::1]:80", .corp]}
        headers: {X-API-Key: hunter2, Authorization: Bearer hunter2, X-Plain: "it's: 5"}
  - provider_id: open
    provider_type: remote::passthrough
    config: {allowed_models: []}
  - provider_id: vllm
    provider_type: remote::vllm
    config: {base_url: http://vllm/v1, anthropic_base_url: http://proxy/a, auth: api-key,
             messages_auth: x-api-key, api_token: sk-hunter2-vllm, tls_verify: false}
  - {provider_id: bedrock, provider_type: "remote::bedrock",
     config: {aws_bedrock_bearer_token: hunter2-bedrock, region_name: eu-west-1}}
  - {provider_id: gemini, provider_type: "remote::gemini",
     config: {access_token: hunter2-gemini, project: p1}}
  - {provider_id: deepseek, provider_type: "remote::deepseek"}
  - provider_id: azure
    provider_type: remote::azure
    config: {base_url: "https://r.openai.azure.com/openai/deployments/d", api_version: 2024-10-21,
             api_key: hunter2-azure}
registered_resources:
  models:
  - model_id: "~"
    provider_id: open
    metadata: {"a": 1, "b": ["x", {"c": null}], "d": "- \"quoted\" \\ #", "e": 1.5e300, "": {}}
routing:
  defaults:
    hedge: {delay: 1.5}
    check: true
    timeouts: {connect: 1, first_byte: 1, first_token: 1, between_bytes: 1, request: 2}
  routes:
  - model: "null"
    targets:
    - {provider: vllm, model: "~", weight: 2, priority: 1, max_concurrency: 3,
       timeouts: {connect: 1, first_byte: 1, first_token: 0, between_bytes: 1, request: 2}}
    fallbacks: {any: [vllm/a], context_window: ["x*"], content_policy: ["null/true"]}
  - {model: "x*", targets: [{provider: vllm}]}
admin: {only_here: true}
organizations: [{name: o, budget: {max_usd: 500}}]
teams: [{name: t, organization: o, concurrency: 9}]
users: [{name: u, team: t, organization: o, models: ["*"]}]
prices:
  file: SOME_FILE
  override:
  - {model: "llama:8b", input: 0.2, output: 0.6}
  - {model: p/m, input: 0, output: 1.25, cached_input: 0.000001, cache_write: 2, cache_write_1h: 3}
  unpriced: estimate
server:
  host: "::"
  tls_certfile: SOME_FILE
  tls_keyfile: SOME_FILE
  tls_cafile: SOME_FILE
  tls_config: {ciphers: [A, B]}
  api_keys:
  - {name: "alice: a", key: hunter2-alice}
  - name: bob
    key: hunter2-bob
    organization: o
    team: t
    user: u
    tags: ["project: x"]
    expires: 2027-01-01T12:00:00+02:00
    requests_per_minute: 60
    tokens_per_minute: 10000
    input_tokens_per_minute: 8000
    output_tokens_per_minute: 2000
    limits: [{quantity: cost, amount: 0.25, period: 1h, burst: 0.5, models: "gpt-*"}]
    concurrency: 4
    budgets:
    - {max_usd: 20, period: 1d, align: rolling, timezone: Europe/Berlin, models: "gpt-*",
       soft_percent: [80, 100], on_exceeded: "route: cheap",
       override: {add_usd: 5, until: 2027-01-01}}
    - {name: calls, max_requests: 5, override: {add_requests: 5, until: 2027-01-01}}
    - {name: tokens, max_tokens: 5, override: {add_tokens: 5, until: 2027-01-01}}
    - {name: in, max_input_tokens: 5, override: {add_input_tokens: 5, until: 2027-01-01}}
    - {name: out, max_output_tokens: 5, override: {add_output_tokens: 5, until: 2027-01-01}}
    models: ["gpt-*"]
    denied_models: ["*-pro"]
    routes: [/v1/chat/completions]
    providers: [open]
    addresses: [10.0.0.0/8]
    budget_fallbacks: {"a: b": [c, d]}
  timeouts: {drain: 0.0015}
  sse_done: strip
  cors: {allow_origins: ["https://a.test"], allow_origin_regex: "https://.*", allow_methods: [GET],
         allow_headers: ["*"], allow_credentials: true, expose_headers: [X-A], max_age: 5}
  access_log: ./a log.json
  access_log_format: text
  caller_url_hosts: ["::1", gpu, "[::1]:8000", "gpu:8000", "gpu:*"]
  trusted_proxies: [10.0.0.0/8, "::1", unix]
  proxy_protocol: optional
  quota: {anonymous_max_requests: 5}
store: {type: postgres, path: /data, url: "postgres://u:hunter2@db/p", redis: "redis://:hunter2@r"}
limits:
  defaults:
    requests_per_minute: 60
    tokens_per_minute: 10000
    input_tokens_per_minute: 8000
    output_tokens_per_minute: 2000
    limits: [{quantity: cost, amount: 0.25, period: 1h, burst: 0.5, models: "gpt-*"}]
    concurrency: 4
keys:
- {name: hashed,
   key_hash: "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"}
)";

// Only whether these files exist matters here; they are not read.
std::string everything() {
  std::string text(kEverythingButFiles);
  constexpr std::string_view kPlace = "SOME_FILE";
  for (std::size_t at = 0; (at = text.find(kPlace, at)) != std::string::npos;) {
    text.replace(at, kPlace.size(), PENSTOCK_SOURCE_DIR "/LICENSE");
  }
  return text;
}

TEST(Description, LoadsToTheSameSettings) {
  std::vector<std::string> texts = {"", std::string(kOneProvider), everything()};
  for (const std::string& text : texts) {
    const Loaded first = load(text);
    ASSERT_TRUE(first.settings) << testing::PrintToString(texts_of(first));
    const std::string description = describe(*first.settings);
    const Loaded second = load(with_keys(description));
    ASSERT_TRUE(second.settings) << description << testing::PrintToString(texts_of(second));
    EXPECT_EQ(describe(*second.settings), description);
  }
}

TEST(Description, KeepsEveryValueThatIsNoSecret) {
  const Settings before = *load(everything()).settings;
  const Settings after = *load(with_keys(describe(before))).settings;
  ASSERT_EQ(after.providers.size(), before.providers.size());
  EXPECT_EQ(after.providers[0].id, "null");
  EXPECT_EQ(after.providers[0].base_url, before.providers[0].base_url);
  EXPECT_EQ(after.providers[0].allowed_models, before.providers[0].allowed_models);
  EXPECT_EQ(after.providers[1].allowed_models, before.providers[1].allowed_models);
  EXPECT_EQ(after.providers[0].forward_headers.at(0).key, "a b");
  EXPECT_EQ(after.providers[0].headers.at(2).value.reveal(), "it's: 5");
  EXPECT_EQ(after.providers[0].timeouts.connect, milliseconds(250));
  EXPECT_FALSE(after.providers[0].tls.verify);
  for (std::size_t i = 0; i < after.providers.size(); ++i) {
    EXPECT_EQ(after.providers[i].base_url, before.providers[i].base_url);
    EXPECT_EQ(after.providers[i].messages_url, before.providers[i].messages_url);
    EXPECT_EQ(after.providers[i].listing, before.providers[i].listing);
    EXPECT_EQ(after.providers[i].auth, before.providers[i].auth);
    EXPECT_EQ(after.providers[i].messages_auth, before.providers[i].messages_auth);
    EXPECT_EQ(after.providers[i].needs_key, before.providers[i].needs_key);
  }
  EXPECT_EQ(after.models.at(0).id, "~");
  EXPECT_EQ(after.models.at(0).metadata, before.models.at(0).metadata);
  EXPECT_EQ(after.server.api_keys.at(0).name, "alice: a");
  EXPECT_EQ(after.server.timeouts.drain, milliseconds(2));
  EXPECT_EQ(after.server.access_log, "./a log.json");
  EXPECT_EQ(after.server.access_log_format, AccessLogFormat::kText);
}

// The keys of a description, as in the tables of keys: `server.api_keys[].name`.
std::set<std::string> described_keys(const std::string& description) {
  struct Level {
    std::size_t indent;
    std::string path;
  };
  std::set<std::string> keys;
  std::vector<Level> levels;
  std::istringstream lines(description);
  for (std::string line; std::getline(lines, line);) {
    std::size_t indent = line.find_first_not_of(' ');
    const bool begins_item = line.compare(indent, 2, "- ") == 0;
    if (begins_item) indent += 2;
    while (!levels.empty() && levels.back().indent >= indent) levels.pop_back();
    const std::size_t colon = line.find(':', indent);
    if (colon == std::string::npos || line[indent] == '"') continue;  // an item, or a user's key
    if (begins_item && !levels.empty() && !levels.back().path.ends_with("[]")) {
      levels.back().path += "[]";
    }
    const std::string key = line.substr(indent, colon - indent);
    const std::string path = levels.empty() ? key : levels.back().path + "." + key;
    keys.insert(path);
    levels.push_back({indent, path});
  }
  return keys;
}

// Nobody could look up the value of a setting that is missing.
TEST(Description, HasEverySettingThatThereIs) {
  const Loaded loaded = load(everything());
  ASSERT_TRUE(loaded.settings) << testing::PrintToString(texts_of(loaded));
  const std::string description = describe(*loaded.settings);
  const std::set<std::string> described = described_keys(description);
  std::size_t compared = 0;
  for (const KnownKey& key : known_keys()) {
    if (key.type == "ignored" || key.type == "accepted" || is_another_way_to_say(key.path)) {
      continue;
    }
    EXPECT_TRUE(described.contains(key.path)) << key.path << " is not in:\n" << description;
    ++compared;
  }
  EXPECT_GT(compared, 60u);
}

TEST(Description, MasksEverySecret) {
  const std::string description = describe(*load(everything()).settings);
  EXPECT_THAT(description, Not(HasSubstr("hunter2")));
  for (std::string_view line : {"api_key: \"********\"", "key: \"********\"",
                                "X-API-Key: \"********\"", "Authorization: \"********\""}) {
    EXPECT_THAT(description, HasSubstr(std::string(line)));
  }
}

TEST(Description, IsOfTheReferencesForm) {
  const Loaded loaded = load(std::string(kOneProvider) + "models: [{model_id: m}]\n");
  EXPECT_THAT(describe(*loaded.settings), HasSubstr(R"(version: 2
providers:
  inference:
    - provider_id: p
      provider_type: remote::passthrough
      config:
        path: v1
        auth: bearer
        messages_auth: bearer
        refresh_models: false
        network:
          tls:
            verify: true
            min_version: TLSv1.2
          retry_stale_connection: true
registered_resources:
  models:
    - model_id: m
      provider_id: p
      provider_model_id: m
      model_type: llm
      metadata: {}
server:
  host: "127.0.0.1"
  port: 8321
)"));
}

}  // namespace
}  // namespace penstock::config
