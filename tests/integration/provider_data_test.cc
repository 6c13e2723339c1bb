// What callers may say about upstreams: the provider data of a request, and the URLs that they
// choose with it.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "integration/json_answer.h"
#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* kNewer = "X-OGX-Provider-Data";
constexpr const char* kOlder = "X-LlamaStack-Provider-Data";

class ProviderData : public GatewayTest {
 protected:
  WholeAnswer ask(const HeaderList& headers) {
    return connect().ask(post(kChatPath, chat_body(), headers));
  }
};

TEST_F(ProviderData, IsReadUnderBothNamesOfItsHeader) {
  EXPECT_EQ(ask({{kNewer, R"({"passthrough_api_key":"new"})"}}).status(), 200);
  EXPECT_EQ(ask({{kOlder, R"({"passthrough_api_key":"old"})"}}).status(), 200);
  EXPECT_EQ(ask({{"x-llamastack-provider-data", R"({"passthrough_api_key":"old"})"},
                 {"x-ogx-provider-data", R"({"passthrough_api_key":"new"})"}})
                .status(),
            200);
  EXPECT_EQ(upstream.wait_for_request(0).head.find("authorization"), "Bearer new");
  EXPECT_EQ(upstream.wait_for_request(1).head.find("authorization"), "Bearer old");
  EXPECT_EQ(upstream.wait_for_request(2).head.find("authorization"), "Bearer new");
}

TEST_F(ProviderData, OfTheOlderNameIsNotEvenLookedAtBesideTheNewer) {
  EXPECT_EQ(ask({{kOlder, "rubbish"}, {kNewer, "{}"}}).status(), 200);
}

TEST_F(ProviderData, ThatIsRubbishIsRefused) {
  for (const char* rubbish :
       {"", "canary", "[]", "\"canary\"", "null", "5", R"({"canary":})", R"({"a":1} canary)",
        R"({"a":NaN})", "{'a':1}", R"({"a":"\ud800"})"}) {
    for (const char* name : {kNewer, kOlder}) {
      const WholeAnswer answer = ask({{name, rubbish}});
      expect_error(answer, 400, "");
      EXPECT_EQ(answer.body.find("canary"), std::string::npos) << answer.body;
    }
  }
  EXPECT_TRUE(upstream.requests().empty());
  expect_error(connect().ask(get("/v1/models", {{kNewer, "rubbish"}})), 400, "");
}

TEST_F(ProviderData, OfTheServersOwnKeysIsDropped) {
  settings.providers[0].forward_headers = {{"__authenticated_user", "X-User"},
                                           {"tenant", "X-Tenant"}};
  EXPECT_EQ(ask({{kNewer, R"({"__authenticated_user":"root","tenant":"t1"})"}}).status(), 200);
  const SeenRequest seen = upstream.wait_for_request();
  EXPECT_EQ(seen.head.find("x-user"), std::nullopt);
  EXPECT_EQ(seen.head.find("x-tenant"), "t1");
}

TEST_F(ProviderData, DoesNotLeaveTheGateway) {
  const HeaderList headers = {{kNewer, R"({"a":"canary"})"}, {kOlder, R"({"a":"canary"})"}};
  EXPECT_EQ(ask(headers).status(), 200);
  EXPECT_EQ(upstream.wait_for_request().head.text.find("canary"), std::string::npos);
}

TEST_F(ProviderData, CannotMoveAConfiguredUpstream) {
  ScriptedUpstream other;
  const std::string data = fmt::format(R"({{"passthrough_url":"{}"}})", other.url());
  EXPECT_EQ(ask({{kNewer, data}}).status(), 200);
  upstream.wait_for_request();
  EXPECT_EQ(other.connections(), 0u);
}

// --- URLs that the caller chooses ---

class CallersUrl : public ProviderData {
 protected:
  CallersUrl() {
    settings.providers[0].base_url.reset();
    settings.providers[0].api_key = Secret("sk-operator-canary");
    settings.providers[0].headers = {{"X-Operator", Secret("header-canary")},
                                     {"Authorization", Secret("Bearer auth-canary")}};
  }
  static config::CallerUrlHost any_port_of(std::string host) {
    return {.host = std::move(host), .ports = config::CallerUrlHost::Ports::kAny};
  }
  WholeAnswer ask_for(std::string_view url, std::string_view more = "") {
    return ask({{kNewer, fmt::format(R"({{"passthrough_url":"{}"{}}})", url, more)}});
  }
};

TEST_F(CallersUrl, MustBeGivenWhereNoneIsConfigured) {
  const WholeAnswer without = connect().ask(chat(Answer::kWhole));
  expect_error(without, 400, "");
  EXPECT_THAT(message_of(without), HasSubstr("passthrough_url"));
  expect_error(ask({{kNewer, "{}"}}), 400, "");
}

TEST_F(CallersUrl, IsUsedWithoutAnythingOfTheOperators) {
  settings.server.caller_url_hosts = {any_port_of("127.0.0.1")};
  EXPECT_EQ(ask_for(upstream.url()).status(), 200);
  const SeenRequest seen = upstream.wait_for_request();
  EXPECT_EQ(seen.target, "/v1/chat/completions");
  EXPECT_EQ(seen.head.find("host"), fmt::format("127.0.0.1:{}", upstream.port()));
  EXPECT_EQ(seen.head.find("authorization"), std::nullopt);
  EXPECT_EQ(seen.head.text.find("canary"), std::string::npos);
}

TEST_F(CallersUrl, IsUsedWithTheCallersKeyAndFields) {
  settings.server.caller_url_hosts = {any_port_of("127.0.0.1")};
  settings.providers[0].forward_headers = {{"tenant", "X-Tenant"}, {"own", "X-Operator"}};
  EXPECT_EQ(ask_for(upstream.url() + "/base/v1/",
                    R"(,"passthrough_api_key":"sk-caller","tenant":"t1","own":"callers")")
                .status(),
            200);
  const SeenRequest seen = upstream.wait_for_request();
  EXPECT_EQ(seen.target, "/base/v1/chat/completions");
  EXPECT_EQ(seen.head.find("authorization"), "Bearer sk-caller");
  EXPECT_EQ(seen.head.find("x-tenant"), "t1");
  EXPECT_EQ(seen.head.find("x-operator"), "callers");
}

TEST_F(CallersUrl, OpensAConnectionForItsOwnRequestOnly) {
  settings.server.caller_url_hosts = {any_port_of("127.0.0.1")};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask_for(upstream.url()).status(), 200);
  EXPECT_EQ(upstream.used_connections(), 3u);
}

constexpr const char* kNotPublic[] = {"127.0.0.1",
                                      "localhost",
                                      "LOCALHOST",
                                      "localhost.",
                                      "127.0.0.1.",
                                      "127.1",
                                      "127.0.1",
                                      "2130706433",
                                      "0x7f000001",
                                      "0x7f.1",
                                      "0x7F.0.0.1",
                                      "0x7f.0x0.0x0.0x1",
                                      "0177.0.0.1",
                                      "017700000001",
                                      "127.0.0.01",
                                      "0127.0.0.1",
                                      "0.0.0.0",
                                      "0",
                                      "0x0",
                                      "0.0.0.1",
                                      "127.255.255.254",
                                      "127%2e0%2e0%2e1",
                                      "%31%32%37.0.0.1",
                                      "%6cocalhost",
                                      "localhost%00",
                                      "127.0.0.1%0a",
                                      "\uff11\uff12\uff17.0.0.1",
                                      "127\u30020\u30020\u30021",
                                      "loc\u0430lhost",
                                      "[::1]",
                                      "[0:0:0:0:0:0:0:1]",
                                      "[::]",
                                      "[::127.0.0.1]",
                                      "[::7f00:1]",
                                      "[::ffff:127.0.0.1]",
                                      "[::ffff:7f00:1]",
                                      "[0:0:0:0:0:ffff:127.0.0.1]",
                                      "[::ffff:0:127.0.0.1]",
                                      "[::ffff:0:7f00:1]",
                                      "[::1%lo]",
                                      "[::1%25lo]",
                                      "[fe80::1%25eth0]",
                                      "[::1%1]",
                                      "[127.0.0.1]",
                                      "10.0.0.1",
                                      "172.16.0.1",
                                      "192.168.1.1",
                                      "100.64.0.1",
                                      "192.0.0.192",
                                      "198.18.0.1",
                                      "240.0.0.1",
                                      "255.255.255.255",
                                      "224.0.0.1",
                                      "192.0.2.1",
                                      "198.51.100.1",
                                      "203.0.113.1",
                                      "169.254.169.254",
                                      "169.254.43518",
                                      "2852039166",
                                      "0xa9fea9fe",
                                      "0251.0376.0251.0376",
                                      "[::ffff:169.254.169.254]",
                                      "[::ffff:a9fe:a9fe]",
                                      "[::ffff:0:a9fe:a9fe]",
                                      "[64:ff9b::a9fe:a9fe]",
                                      "[64:ff9b:1::a9fe:a9fe]",
                                      "[2002:a9fe:a9fe::]",
                                      "[2001::a9fe:a9fe]",
                                      "[2607:f8b0::5efe:7f00:1]",
                                      "[fe80::1]",
                                      "[fec0::1]",
                                      "[fc00::1]",
                                      "[fd00:ec2::254]",
                                      "[ff02::1]",
                                      "[64:ff9b::7f00:1]",
                                      "[2001:db8::1]",
                                      "[100::1]"};

// reported-failures E1, faults-measured 14: every spelling, and never a connection.
TEST_F(CallersUrl, IsRefusedWhereItsAddressIsNotPublic) {
  const std::uint16_t port = upstream.port();
  for (const char* host : kNotPublic) {
    for (const char* scheme : {"http", "https"}) {
      const WholeAnswer answer = ask_for(fmt::format("{}://{}:{}", scheme, host, port));
      EXPECT_EQ(answer.status(), 400) << host << ": " << answer.body;
    }
  }
  EXPECT_EQ(upstream.connections(), 0u);
}

// faults-measured 18
TEST_F(CallersUrl, IsAllowedAtThePortThatTheOperatorLists) {
  ScriptedUpstream other;
  using Ports = config::CallerUrlHost::Ports;
  settings.server.caller_url_hosts = {
      {.host = "127.0.0.1", .ports = Ports::kOne, .port = upstream.port()},
      {.host = "localhost", .ports = Ports::kOfScheme}};
  EXPECT_EQ(ask_for(upstream.url()).status(), 200);
  expect_error(ask_for(other.url()), 400, "upstream_forbidden");
  // A host alone means the scheme's port, where nobody listens here, or someone else does.
  expect_error(ask_for(fmt::format("http://localhost:{}", upstream.port())), 400,
               "upstream_forbidden");
  EXPECT_NE(ask_for("http://localhost").status(), 400);
  EXPECT_EQ(other.connections(), 0u);
}

TEST_F(CallersUrl, IsRefusedWithACodeOfItsOwn) {
  expect_error(ask_for(upstream.url()), 400, "upstream_forbidden");
}

TEST_F(CallersUrl, IsAllowedByTheHostAsTheOperatorWritesIt) {
  settings.server.caller_url_hosts = {any_port_of("localhost")};
  const auto status_for = [&](std::string_view host) {
    return ask_for(fmt::format("http://{}:{}", host, upstream.port())).status();
  };
  EXPECT_EQ(status_for("localhost"), 200);
  EXPECT_EQ(status_for("LocalHost"), 200);
  EXPECT_EQ(status_for("127.0.0.1"), 400);
}

TEST_F(CallersUrl, ThatIsNoneIsRefused) {
  for (const char* url : {"", "nothing", "ftp://example.com", "http://", "http://a b",
                          "file:///etc/passwd", "http://user:pw@example.com", "http://h:99999",
                          "http://example.com/?q=1", "http://example.com/#f", "//example.com"}) {
    EXPECT_EQ(ask_for(url).status(), 400) << url;
  }
  EXPECT_EQ(ask({{kNewer, R"({"passthrough_url":5})"}}).status(), 400);
}

TEST_F(CallersUrl, ThatRedirectsIsNotFollowed) {
  settings.server.caller_url_hosts = {any_port_of("127.0.0.1")};
  ScriptedUpstream other;
  upstream.answer_next(
      Script().send(json_answer(307, "{}", {{"Location", other.url() + "/v1/chat/completions"}})));
  expect_error(ask_for(upstream.url()), 502, "upstream_redirect");
  EXPECT_EQ(other.connections(), 0u);
}

TEST_F(CallersUrl, IsAskedForTheCallersModels) {
  settings.server.caller_url_hosts = {any_port_of("127.0.0.1")};
  const std::string data = fmt::format(R"({{"passthrough_url":"{}"}})", upstream.url());
  const WholeAnswer listed = connect().ask(get("/v1/models", {{kNewer, data}}));
  EXPECT_EQ(ids_of(listed), std::vector<std::string>{"passthrough/m1"});
  EXPECT_EQ(upstream.models_requests()[0].head.text.find("canary"), std::string::npos);
  EXPECT_TRUE(ids_of(connect().ask(get("/v1/models"))).empty());
}

TEST_F(CallersUrl, LeavesTheProvidersHealthUntold) {
  const Json health = json_of(connect().ask(get("/v1/providers/passthrough")))["health"];
  EXPECT_EQ(health["status"], "Not Implemented");
}

}  // namespace
}  // namespace penstock::testing
