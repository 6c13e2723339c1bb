#include "config/credentials.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::config {
namespace {

TEST(IsCredential, GoesByTheName) {
  for (const char* name :
       {"Authorization", "x-api-key", "X-Auth", "Cookie", "X-Session-Id",
        "Ocp-Apim-Subscription-Key", "cf-access-client-secret", "sig-nature-jwt"}) {
    EXPECT_TRUE(is_credential(name, Secret("v"))) << name;
  }
  EXPECT_FALSE(is_credential("X-Author", Secret("Jane Doe")));
}

TEST(IsCredential, GoesByTheValueWhereTheNameSaysNothing) {
  EXPECT_TRUE(is_credential("X-Custom", Secret("8f14e45fceea167a5a36dedd4bea2543")));
  EXPECT_TRUE(is_credential("X-Custom", Secret("aGVsbG8gd29ybGQhISE")));
  EXPECT_TRUE(is_credential("X-Custom", Secret("Token 8f14e45fceea167a5a36dedd4bea2543")));
  for (const char* value :
       {"team-7", "research-department", "2024-10-21", "a text with 123 words in it"}) {
    EXPECT_FALSE(is_credential("X-Custom", Secret(value))) << value;
  }
  EXPECT_FALSE(is_credential("User-Agent", Secret("ours/1.2.3-abcdef0123456789")));
  EXPECT_FALSE(is_credential("OpenAI-Organization", Secret("org-0123456789abcdefABCDEF")));
}

TEST(GuardCredentials, GuardsWhateverIsOne) {
  Settings settings;
  Provider& provider = settings.providers.emplace_back();
  provider.api_key = Secret("sk-provider-0123456789");
  // "user:" and the password, by coreutils' base64.
  provider.headers = {{"Authorization", Secret("Basic dXNlcjpwYXNzLXctMHJkIQ==")},
                      {"X-Token", Secret("Bearer token-0123456789")},
                      {"X-Custom", Secret("Token custom-0123456789")},
                      {"Cookie", Secret("a=cookie-one-1; b=cookie-two-2")},
                      {"anthropic-version", Secret("2023-06-01")}};
  provider.query.push_back({"api-version", Secret("2024-10-21")});
  provider.query.push_back({"key", Secret("query-0123456789")});
  settings.server.api_keys.push_back({"a", Secret("client-0123456789"), {}});
  const SecretGuard guard = guard_credentials(settings);
  for (const char* shown : {"sk-provider-0123456789", "dXNlcjpwYXNzLXctMHJkIQ==", "pass-w-0rd!",
                            "token-0123456789", "custom-0123456789", "cookie-one-1", "cookie-two-2",
                            "query-0123456789", "client-0123456789"}) {
    std::string text = std::string("<") + shown + ">";
    guard.mask(text);
    EXPECT_EQ(text.find(std::string(shown).substr(2, 9)), std::string::npos) << text;
    EXPECT_NE(text.find("********"), std::string::npos) << text;
  }
  const std::string plain = "2023-06-01, 2024-10-21, Basic, Bearer, Token, user";
  std::string text = plain;
  guard.mask(text);
  EXPECT_EQ(text, plain);
}

TEST(HasCredential, IsTrueOfAnyKindOfThem) {
  Provider provider;
  provider.headers = {{"X-Team", Secret("seven")}};
  EXPECT_FALSE(has_credential(provider));
  Provider with_header = provider;
  with_header.headers.push_back({"X-Api-Key", Secret("k")});
  EXPECT_TRUE(has_credential(with_header));
  Provider with_query = provider;
  with_query.query.push_back({"key", Secret("k")});
  EXPECT_TRUE(has_credential(with_query));
  provider.api_key = Secret("k");
  EXPECT_TRUE(has_credential(provider));
}

}  // namespace
}  // namespace penstock::config
