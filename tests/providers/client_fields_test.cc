#include "providers/client_fields.h"

#include <set>
#include <string_view>

#include <gtest/gtest.h>

#include "config/forward_headers.h"

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

// Names that no operator can let pass: the configuration refuses each of them.
constexpr std::string_view kNeverPassing[] = {
    "accept",
    "alt-svc",
    "api-key",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-location",
    "content-type",
    "cookie",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "location",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "refresh",
    "set-cookie",
    "set-cookie2",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-api-key",
    "x-forwarded-user",
    "x-goog-api-key",
    "x-llamastack-provider-data",
    "x-my-token",
    "x-ogx-provider-data",
    "x-penstock-anything",
    "x-penstock-provider",
    "x-request-id",
};

TEST(ClientFields, ThatNeverPassAreRefusedByTheConfiguration) {
  config::Provider settings;
  settings.forwarded_client_headers = {"*"};
  for (const std::string_view name : kNeverPassing) {
    EXPECT_FALSE(passes(settings, name, Surface::kOpenAi)) << name;
    EXPECT_NE(config::why_client_header_stays(name), "") << name;
  }
}

TEST(ClientFields, PassIfTheConfigurationTakesThem) {
  config::Provider settings;
  for (const char* name : {"X-Mine", "x-session-id", "X-Idempotency-Key", "origin", "referer",
                           "accept-language", "anthropic-version", "x-claude-code-session-id"}) {
    ASSERT_EQ(config::why_client_header_stays(name), "") << name;
    settings.forwarded_client_headers = {name};
    EXPECT_TRUE(passes(settings, name, Surface::kOpenAi)) << name;
    EXPECT_TRUE(passes(settings, name, Surface::kAnthropic)) << name;
  }
}

// A name that the gateway learns to act on is decided in the configuration, too.
TEST(ClientFields, AreDecidedForEveryNameThatTheGatewayActsOn) {
  std::set<http::FieldName> decided = {http::FieldName::kOther, http::FieldName::kAnthropicVersion};
  for (const std::string_view name : kNeverPassing) decided.insert(http::field_name_of(name));
  EXPECT_EQ(decided.size(), http::kFieldNameCount);
}

TEST(ClientFields, ThatCarryCredentialsDoNotPassByAStar) {
  config::Provider settings;
  settings.forwarded_client_headers = {"x-*", "co*"};
  EXPECT_TRUE(passes(settings, "x-mine", Surface::kOpenAi));
  for (const char* name : {"x-my-token", "x-forwarded-user", "x-api-key", "cookie", "connection"}) {
    EXPECT_FALSE(passes(settings, name, Surface::kOpenAi)) << name;
  }
}

}  // namespace
}  // namespace penstock::providers
