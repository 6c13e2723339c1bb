#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/loading.h"
#include "core/secret.h"

namespace penstock::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A mask is no key, so it has to be replaced before a description can be loaded.
std::string with_keys(std::string text) {
  int count = 0;
  for (std::size_t at = 0; (at = text.find(Secret::kMask, at)) != std::string::npos;) {
    text.replace(at, Secret::kMask.size(), "unmasked-key-" + std::to_string(count++));
  }
  return text;
}

constexpr std::string_view kEverything = R"(
providers:
  inference:
  - provider_id: "null"
    provider_type: remote::passthrough
    config:
      base_url: https://[::1]:8000/a
      api_key: sk-hunter2
      allowed_models: ["true", "5", "a: b", "- x", "", "#c", "ö", "org/model:tag"]
      refresh_models: true
      forward_headers: {"a b": X-A, token: Authorization}
      extra_blocked_headers: [X-B]
      network:
        tls: {verify: false, min_version: TLSv1.3, ciphers: "A:B"}
        timeout: 0.25
        headers: {X-API-Key: hunter2, Authorization: Bearer hunter2, X-Plain: "it's: 5"}
  - provider_id: open
    provider_type: remote::passthrough
    config: {allowed_models: []}
registered_resources:
  models:
  - model_id: "~"
    provider_id: open
    metadata: {"a": 1, "b": ["x", {"c": null}], "d": "- \"quoted\" \\ #", "e": 1.5e300, "": {}}
server:
  host: "::"
  api_keys: [{name: "alice: a", key: hunter2-alice}, {name: bob, key: hunter2-bob}]
  timeouts: {drain: 0.0015}
  sse_done: strip
  access_log: ./a log.json
  caller_url_hosts: ["::1", gpu]
)";

TEST(Description, LoadsToTheSameSettings) {
  std::vector<std::string> texts = {"", std::string(kOneProvider), std::string(kEverything)};
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
  const Settings before = *load(kEverything).settings;
  const Settings after = *load(with_keys(describe(before))).settings;
  ASSERT_EQ(after.providers.size(), 2u);
  EXPECT_EQ(after.providers[0].id, "null");
  EXPECT_EQ(after.providers[0].base_url, before.providers[0].base_url);
  EXPECT_EQ(after.providers[0].allowed_models, before.providers[0].allowed_models);
  EXPECT_EQ(after.providers[1].allowed_models, before.providers[1].allowed_models);
  EXPECT_EQ(after.providers[0].forward_headers.at(0).key, "a b");
  EXPECT_EQ(after.providers[0].headers.at(2).value, "it's: 5");
  EXPECT_EQ(after.providers[0].connect_timeout, milliseconds(250));
  EXPECT_FALSE(after.providers[0].tls.verify);
  EXPECT_EQ(after.models.at(0).id, "~");
  EXPECT_EQ(after.models.at(0).metadata, before.models.at(0).metadata);
  EXPECT_EQ(after.server.api_keys.at(0).name, "alice: a");
  EXPECT_EQ(after.server.timeouts.drain, milliseconds(2));
  EXPECT_EQ(after.server.access_log, "./a log.json");
}

TEST(Description, MasksEverySecret) {
  const std::string description = describe(*load(kEverything).settings);
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
        refresh_models: false
        network:
          tls:
            verify: true
            min_version: TLSv1.2
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
