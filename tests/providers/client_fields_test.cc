#include "providers/client_fields.h"

#include <string_view>

#include <gtest/gtest.h>

namespace penstock::providers {
namespace {

using config::Surface;

bool passes(const config::Provider& settings, std::string_view name, Surface surface) {
  http::Fields fields;
  return ClientFields(settings).passes(fields.add(name, "x"), surface);
}

TEST(ClientFields, PassByTheApiThatIsCalled) {
  const config::Provider settings;
  for (const char* name :
       {"traceparent", "Tracestate", "Idempotency-Key", "session_id", "Session-Id",
        "conversation_id", "x-session-affinity", "X-Opencode-Session"}) {
    EXPECT_TRUE(passes(settings, name, Surface::kOpenAi)) << name;
    EXPECT_TRUE(passes(settings, name, Surface::kAnthropic)) << name;
  }
  for (const char* name : {"OpenAI-Beta", "openai-organization", "OpenAI-Project",
                           "x-codex-turn-state", "originator", "version"}) {
    EXPECT_TRUE(passes(settings, name, Surface::kOpenAi)) << name;
    EXPECT_FALSE(passes(settings, name, Surface::kAnthropic)) << name;
  }
  for (const char* name :
       {"Anthropic-Version", "anthropic-beta", "x-claude-code-session-id", "x-app"}) {
    EXPECT_TRUE(passes(settings, name, Surface::kAnthropic)) << name;
    EXPECT_FALSE(passes(settings, name, Surface::kOpenAi)) << name;
  }
}

TEST(ClientFields, OtherThanTheListedOnesDoNotPass) {
  const config::Provider settings;
  for (const char* name :
       {"Authorization", "x-api-key", "api-key", "Cookie", "User-Agent", "x-forwarded-for", "Host",
        "Connection", "Upgrade", "x-stainless-os", "x-penstock-provider", "x-ogx-provider-data",
        "x-codex-", "openai-betas", "Origin", "Content-Type", "Accept"}) {
    EXPECT_FALSE(passes(settings, name, Surface::kOpenAi)) << name;
    EXPECT_FALSE(passes(settings, name, Surface::kAnthropic)) << name;
  }
}

TEST(ClientFields, AreAddedAndWithheldByTheOperator) {
  config::Provider settings;
  settings.forwarded_client_headers = {"x-mine", "x-team-*"};
  settings.withheld_client_headers = {"openai-beta", "x-codex-*"};
  EXPECT_TRUE(passes(settings, "X-Mine", Surface::kOpenAi));
  EXPECT_TRUE(passes(settings, "x-team-a", Surface::kAnthropic));
  EXPECT_FALSE(passes(settings, "x-team", Surface::kOpenAi));
  EXPECT_FALSE(passes(settings, "OpenAI-Beta", Surface::kOpenAi));
  EXPECT_FALSE(passes(settings, "x-codex-turn-state", Surface::kOpenAi));
  EXPECT_TRUE(passes(settings, "openai-project", Surface::kOpenAi));
}

TEST(ClientFields, ThatCarryCredentialsNeverPass) {
  config::Provider settings;
  settings.forwarded_client_headers = {"authorization", "cookie", "x-api-key",
                                       "x-my-token",    "host",   "x-forwarded-user",
                                       "connection"};
  for (const std::string& name : settings.forwarded_client_headers) {
    EXPECT_FALSE(passes(settings, name, Surface::kOpenAi)) << name;
  }
}

TEST(ClientFields, ThatCarryCredentialsNeverPassByAStarEither) {
  config::Provider settings;
  settings.forwarded_client_headers = {"x-*", "co*"};
  EXPECT_TRUE(passes(settings, "x-mine", Surface::kOpenAi));
  for (const char* name : {"x-my-token", "x-forwarded-user", "x-api-key", "cookie", "connection"}) {
    EXPECT_FALSE(passes(settings, name, Surface::kOpenAi)) << name;
  }
}

}  // namespace
}  // namespace penstock::providers
