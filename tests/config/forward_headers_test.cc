#include "config/forward_headers.h"

#include <gtest/gtest.h>

namespace penstock::config {
namespace {

TEST(ForwardHeaders, BlocksEveryHeaderThatTheReferenceBlocks) {
  for (std::string_view name :
       {"host", "content-type", "content-length", "transfer-encoding", "connection", "upgrade",
        "te", "trailer", "cookie", "set-cookie", "forwarded", "proxy-authorization",
        "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix",
        "x-real-ip"}) {
    EXPECT_TRUE(is_blocked_header(name)) << name;
  }
}

TEST(ForwardHeaders, BlocksWhatAProxyMustNotTakeFromCallersEither) {
  for (std::string_view name :
       {"Content-Encoding", "X-Forwarded-Client-Cert", "Keep-Alive", "Proxy-Connection", "Expect",
        "Accept-Encoding", "Via", "X-OGX-Provider-Data", "X-LlamaStack-Provider-Data"}) {
    EXPECT_TRUE(is_blocked_header(name)) << name;
  }
}

TEST(ForwardHeaders, LetsOthersPassAndAuthorizationAmongThem) {
  for (std::string_view name : {"Authorization", "X-Tenant-ID", "X-MaaS-Subscription", "Accept",
                                "X-Request-Id", "User-Agent", "X-Contents"}) {
    EXPECT_FALSE(is_blocked_header(name)) << name;
  }
}

TEST(ForwardHeaders, BlocksTheOperatorsOwnNamesWhateverTheirCase) {
  const std::vector<std::string> extra = {"x-internal-debug", "x-shadow-auth"};
  EXPECT_TRUE(is_blocked_header("X-Internal-Debug", extra));
  EXPECT_TRUE(is_blocked_header("X-Shadow-Auth", extra));
  EXPECT_TRUE(is_blocked_header("Host", extra));
  EXPECT_FALSE(is_blocked_header("X-Tenant-ID", extra));
}

TEST(HeaderNames, AreTokens) {
  EXPECT_TRUE(is_header_name("X-Tenant_1.a!#$%&'*+^`|~"));
  for (std::string_view name : {"", "X Tenant ID", "X:", "X\r\n", "h\xC3\xB6st", "a(b)", "a\"b"}) {
    EXPECT_FALSE(is_header_name(name)) << name;
  }
}

TEST(CredentialHeaders, AreFoundByTheirNames) {
  for (std::string_view name : {"Authorization", "Proxy-Authorization", "X-API-Key", "api_key",
                                "X-Auth-Token", "Client-Secret", "Cookie", "X-Password"}) {
    EXPECT_TRUE(is_credential_header(name)) << name;
  }
  for (std::string_view name :
       {"X-Tenant-ID", "X-Author", "X-Authority", "Idempotency-Key", "X-Idempotency-Key"}) {
    EXPECT_FALSE(is_credential_header(name)) << name;
  }
}

TEST(CredentialHeaders, AreNotHiddenByAHarmlessWord) {
  for (std::string_view name : {"X-Auth-Author", "X-Author-Token", "Idempotency-Key-Secret"}) {
    EXPECT_TRUE(is_credential_header(name)) << name;
  }
}

TEST(ClientHeaders, MayNameASession) {
  for (std::string_view name : {"X-Session-ID", "x-my-session", "x-team-*", "x-*", "*"}) {
    EXPECT_EQ(why_client_header_stays(name), "") << name;
  }
  EXPECT_NE(why_client_header_stays("X-Session-Token"), "");
}

}  // namespace
}  // namespace penstock::config
