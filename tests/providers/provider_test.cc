#include "providers/provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/url.h"
#include "providers/configured_upstream.h"
#include "support/simulated_loop.h"

namespace penstock::providers {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

// Records where connections are wanted, and makes none.
class RefusingConnector final : public net::Connector {
 public:
  Task<Result<std::unique_ptr<net::Stream>>> connect(const net::Destination& destination,
                                                     SteadyTime, net::Signal&) override {
    asked = destination;
    Error error = Error::upstream(ErrorKind::kUpstreamUnreachable, RetryClass::kNothingSent, "no");
    co_return failure(std::move(error));
  }

  std::optional<net::Destination> asked;
};

class ProviderTest : public ::testing::Test {
 protected:
  config::Provider settings;
  config::Server server;

  ProviderTest() {
    settings.id = "p";
    settings.base_url = *config::parse_base_url("http://upstream.test:8000/base");
  }

  std::unique_ptr<Provider> provider() { return make_provider(settings, server, environment()); }
  // The head of a call with this provider data; empty: none.
  std::string head(std::string_view json = "", config::Surface surface = config::Surface::kOpenAi) {
    const auto made = provider();
    const std::optional<ProviderData> data = data_of(json);
    const ProviderData* caller = data ? &*data : nullptr;
    const Result<Call> call = made->call(caller, surface);
    EXPECT_TRUE(call.has_value());
    if (!call) return "";
    const http::Fields none;
    std::string target;
    http::FieldBlock fields;
    made->write_head({.path = "/v1/embeddings",
                      .surface = surface,
                      .client_fields = &none,
                      .request_id = "r",
                      .data = caller},
                     *call, target, fields);
    return "POST " + target + " HTTP/1.1\r\n" + std::string(fields.lines());
  }
  // Where the connection of such a call goes.
  std::optional<net::Destination> destination(std::string_view json = "") {
    const auto made = provider();
    const std::optional<ProviderData> data = data_of(json);
    const Result<Call> call = made->call(data ? &*data : nullptr, config::Surface::kOpenAi);
    if (!call) return std::nullopt;
    net::Signal never;
    testing::Tasks tasks(simulated_.loop());
    std::optional<Result<http::UpstreamExchange>> acquired;
    tasks.start(call->pool().acquire(http::Reuse::kNo, net::Deadline::kNever, never), acquired);
    simulated_.settle();
    return connector_.asked;
  }
  // To how many origins there are connections.
  std::size_t pools() {
    const ConfiguredUpstream upstream(settings, server, environment());
    return upstream.shared_pools()->size();
  }
  // The head of asking for the models.
  std::string list_head() {
    const auto made = provider();
    const Result<Call> call = made->list_call(nullptr);
    EXPECT_TRUE(call.has_value());
    if (!call) return "";
    std::string target;
    http::FieldBlock fields;
    made->write_own_head(made->list_path(), *call, nullptr, target, fields);
    return "GET " + target + " HTTP/1.1\r\n" + std::string(fields.lines());
  }
  bool shows_operators_credential(std::string_view json) {
    const auto made = provider();
    const std::optional<ProviderData> data = data_of(json);
    const Result<Call> call = made->call(data ? &*data : nullptr, config::Surface::kOpenAi);
    return call && call->shows_operators_credential();
  }
  std::string refusal(std::string_view json) {
    const auto made = provider();
    const std::optional<ProviderData> data = data_of(json);
    const Result<Call> call = made->call(data ? &*data : nullptr, config::Surface::kOpenAi);
    EXPECT_FALSE(call.has_value()) << json;
    if (call) return "";
    EXPECT_EQ(call.error().kind, ErrorKind::kInvalidRequest);
    return call.error().message;
  }

 private:
  Provider::Environment environment() {
    return {.pools = std::make_shared<OriginPools>(OriginPools::Environment{
                .loop = simulated_.loop(), .connector = connector_, .scratch = scratch_})};
  }
  static std::optional<ProviderData> data_of(std::string_view json) {
    if (json.empty()) return std::nullopt;
    return std::move(*ProviderData::parse(json));
  }

  testing::SimulatedLoop simulated_;
  RefusingConnector connector_;
  http::ScratchPool scratch_;
};

TEST_F(ProviderTest, WritesTheHeadOfACall) {
  settings.headers = {{"X-Team", Secret("a")}};
  settings.api_key = Secret("sk-static");
  EXPECT_EQ(head(),
            "POST /base/v1/embeddings HTTP/1.1\r\n"
            "Host: upstream.test:8000\r\n"
            "X-Team: a\r\n"
            "Authorization: Bearer sk-static\r\n"
            "Accept-Encoding: identity\r\n"
            "User-Agent: penstock\r\n"
            "Accept: */*\r\n"
            "x-request-id: r\r\n");
}

TEST_F(ProviderTest, SendsOneAuthorizationAtMost) {
  settings.forward_headers = {{"auth", "authorization"}};
  constexpr std::string_view kAll = R"({"passthrough_api_key":"caller","auth":"forwarded"})";
  EXPECT_THAT(head(R"({"auth":"forwarded"})"), HasSubstr("authorization: forwarded\r\n"));
  EXPECT_THAT(head(kAll), HasSubstr("Authorization: Bearer caller\r\n"));
  EXPECT_THAT(head(kAll), Not(HasSubstr("forwarded")));
  settings.headers = {{"AUTHORIZATION", Secret("Basic header")}};
  EXPECT_THAT(head(kAll), HasSubstr("AUTHORIZATION: Basic header\r\n"));
  EXPECT_THAT(head(kAll), Not(HasSubstr("caller")));
  settings.api_key = Secret("static");
  EXPECT_THAT(head(kAll), HasSubstr("Authorization: Bearer static\r\n"));
  EXPECT_THAT(head(kAll), Not(HasSubstr("header")));
}

TEST_F(ProviderTest, TakesACallersKeyUnderTheProvidersName) {
  settings.id = "GQ";
  EXPECT_THAT(head(R"({"gq_api_KEY":"named","passthrough_api_key":"general"})"),
              HasSubstr("Authorization: Bearer named\r\n"));
  settings.api_key = Secret("static");
  EXPECT_THAT(head(R"({"gq_api_key":"named"})"), HasSubstr("Authorization: Bearer static\r\n"));
}

// As in the reference, for all types but remote::passthrough.
TEST_F(ProviderTest, PrefersACallersKeyWhereTheTypeSaysSo) {
  settings.key_order = config::KeyOrder::kCallerFirst;
  settings.caller_keys = {"groq_api_key"};
  settings.api_key = Secret("static");
  settings.forward_headers = {{"auth", "authorization"}};
  EXPECT_THAT(head(), HasSubstr("Authorization: Bearer static\r\n"));
  EXPECT_THAT(head(R"({"other_api_key":"x"})"), HasSubstr("Authorization: Bearer static\r\n"));
  const std::string named = head(R"({"p_api_key":"named","groq_api_key":"typed","auth":"f"})");
  EXPECT_THAT(named, HasSubstr("Authorization: Bearer named\r\n"));
  EXPECT_THAT(named, Not(HasSubstr("static")));
  EXPECT_THAT(named, Not(HasSubstr("authorization: f")));
  EXPECT_THAT(head(R"({"Groq_Api_Key":"typed"})"), HasSubstr("Authorization: Bearer typed\r\n"));
  const std::string forwarded = head(R"({"auth":"f"})");
  EXPECT_THAT(forwarded, HasSubstr("authorization: f\r\n"));
  EXPECT_THAT(forwarded, Not(HasSubstr("static")));
}

// A 401 about a caller's own key is the caller's to see.
TEST_F(ProviderTest, KnowsWhoseCredentialItShows) {
  EXPECT_FALSE(shows_operators_credential(""));
  settings.api_key = Secret("static");
  EXPECT_TRUE(shows_operators_credential(R"({"p_api_key":"callers"})"));
  settings.key_order = config::KeyOrder::kCallerFirst;
  EXPECT_TRUE(shows_operators_credential(""));
  EXPECT_FALSE(shows_operators_credential(R"({"p_api_key":"callers"})"));
}

TEST_F(ProviderTest, SendsAKeyInTheFormOfTheService) {
  settings.api_key = Secret("user:word");
  settings.auth = config::KeyForm::kXApiKey;
  EXPECT_THAT(head(), HasSubstr("x-api-key: user:word\r\n"));
  EXPECT_THAT(head(), Not(HasSubstr("Authorization")));
  settings.auth = config::KeyForm::kApiKey;
  EXPECT_THAT(head(), HasSubstr("\r\napi-key: user:word\r\n"));
  settings.auth = config::KeyForm::kBasic;
  EXPECT_THAT(head(), HasSubstr("Authorization: Basic dXNlcjp3b3Jk\r\n"));
  settings.auth = config::KeyForm::kNone;
  EXPECT_THAT(head(R"({"p_api_key":"callers"})"), Not(HasSubstr("word")));
  EXPECT_THAT(head(R"({"p_api_key":"callers"})"), Not(HasSubstr("callers")));
}

TEST_F(ProviderTest, CallsTheAnthropicApiAtItsOwnUrlWithItsOwnForm) {
  settings.api_key = Secret("static");
  settings.messages_url = *config::parse_base_url("http://other.test/anthropic");
  settings.messages_auth = config::KeyForm::kXApiKey;
  settings.headers = {{"X-Team", Secret("a")}};
  EXPECT_EQ(head("", config::Surface::kAnthropic),
            "POST /anthropic/v1/embeddings HTTP/1.1\r\n"
            "Host: other.test\r\n"
            "X-Team: a\r\n"
            "x-api-key: static\r\n"
            "Accept-Encoding: identity\r\n"
            "User-Agent: penstock\r\n"
            "Accept: */*\r\n"
            "x-request-id: r\r\n");
  EXPECT_THAT(head(), HasSubstr("Host: upstream.test:8000\r\n"));
  EXPECT_EQ(pools(), 2u);
}

TEST_F(ProviderTest, AsksForTheModelsWhereAndHowTheServiceListsThem) {
  settings.api_key = Secret("static");
  EXPECT_THAT(list_head(), ::testing::StartsWith("GET /base/v1/models HTTP/1.1\r\n"));
  settings.listing.url = *config::parse_url("http://upstream.test:8000/info");
  EXPECT_THAT(list_head(), ::testing::StartsWith("GET /info HTTP/1.1\r\n"));
  settings.listing.url.reset();
  settings.listing.surface = config::Surface::kAnthropic;
  settings.messages_auth = config::KeyForm::kXApiKey;
  EXPECT_THAT(list_head(), HasSubstr("x-api-key: static\r\n"));
  EXPECT_THAT(list_head(), HasSubstr("anthropic-version: 2023-06-01\r\n"));
  EXPECT_THAT(list_head(), ::testing::StartsWith("GET /base/v1/models HTTP/1.1\r\n"));
  EXPECT_EQ(pools(), 1u);
}

// The reference's words.
TEST_F(ProviderTest, AsksForTheKeyThatItNeeds) {
  settings.id = "gq";
  settings.needs_key = true;
  EXPECT_EQ(refusal("{}"),
            "API key not provided. Please provide a valid API key in the provider data header, "
            R"(e.g. x-ogx-provider-data: {"gq_api_key": "<API_KEY>"}.)");
  EXPECT_FALSE(provider()->can_list());
  EXPECT_THAT(head(R"({"gq_api_key":"k"})"), HasSubstr("Authorization: Bearer k\r\n"));
  settings.api_key = Secret("static");
  EXPECT_TRUE(provider()->can_list());
  EXPECT_THAT(head(), HasSubstr("Authorization: Bearer static\r\n"));
}

TEST_F(ProviderTest, KeepsWhatTheOperatorHasSet) {
  settings.headers = {{"X-Tenant", Secret("operators")}, {"user-agent", Secret("ours")}};
  settings.forward_headers = {{"tenant", "x-tenant"}};
  const std::string text = head(R"({"tenant":"callers"})");
  EXPECT_THAT(text, HasSubstr("X-Tenant: operators\r\n"));
  EXPECT_THAT(text, HasSubstr("user-agent: ours\r\n"));
  EXPECT_THAT(text, Not(HasSubstr("callers")));
  EXPECT_THAT(text, Not(HasSubstr("penstock")));
}

TEST_F(ProviderTest, ConnectsToItsBaseUrlWhateverCallersSay) {
  const auto plain = destination(R"({"passthrough_url":"http://elsewhere.test"})");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->host, "upstream.test");
  EXPECT_EQ(plain->port, 8000);
  EXPECT_EQ(plain->rule, net::AddressRule::kAny);
}

TEST_F(ProviderTest, SendsNothingOfTheOperatorsToACallersUrl) {
  settings.base_url.reset();
  settings.api_key = Secret("canary");
  settings.headers = {{"X-Team", Secret("canary")}, {"Authorization", Secret("canary")}};
  settings.forward_headers = {{"team", "X-Team"}};
  EXPECT_EQ(head(R"({"passthrough_url":"http://h.test","passthrough_api_key":"k","team":"t"})"),
            "POST /v1/embeddings HTTP/1.1\r\n"
            "Host: h.test\r\n"
            "Authorization: Bearer k\r\n"
            "X-Team: t\r\n"
            "Accept-Encoding: identity\r\n"
            "User-Agent: penstock\r\n"
            "Accept: */*\r\n"
            "x-request-id: r\r\n");
}

TEST_F(ProviderTest, ConnectsToACallersUrlAtPublicAddressesOnly) {
  settings.base_url.reset();
  server.caller_url_hosts = {{.host = "inside.test"}};
  const auto outside = destination(R"({"passthrough_url":"http://outside.test:81"})");
  ASSERT_TRUE(outside.has_value());
  EXPECT_EQ(outside->host, "outside.test");
  EXPECT_EQ(outside->port, 81);
  EXPECT_EQ(outside->rule, net::AddressRule::kPublicOnly);
  EXPECT_EQ(destination(R"({"passthrough_url":"http://INSIDE.test"})")->rule,
            net::AddressRule::kAny);
  EXPECT_EQ(destination(R"({"passthrough_url":"http://inside.test.evil.test"})")->rule,
            net::AddressRule::kPublicOnly);
}

TEST_F(ProviderTest, AsksForAUrlWhereNoneIsConfigured) {
  settings.base_url.reset();
  EXPECT_THAT(refusal(""), HasSubstr("passthrough_url"));
  EXPECT_THAT(refusal("{}"), HasSubstr("passthrough_url"));
  EXPECT_THAT(refusal(R"({"passthrough_url":"ftp://h"})"), HasSubstr("passthrough_url"));
}

TEST_F(ProviderTest, TakesItsTimeoutsFromTheNearestPlace) {
  server.timeouts.connect = milliseconds(1);
  server.timeouts.first_byte = milliseconds(2);
  server.timeouts.between_bytes = milliseconds(3);
  const auto of_server = provider();
  EXPECT_EQ(of_server->timeouts().connect, milliseconds(1));
  EXPECT_EQ(of_server->timeouts().first_byte, milliseconds(2));
  EXPECT_EQ(of_server->timeouts().between_bytes, milliseconds(3));
  settings.timeouts = {
      .connect = milliseconds(4), .first_byte = milliseconds(5), .between_bytes = milliseconds(6)};
  const auto own = provider();
  EXPECT_EQ(own->timeouts().connect, milliseconds(4));
  EXPECT_EQ(own->timeouts().first_byte, milliseconds(5));
  EXPECT_EQ(own->timeouts().between_bytes, milliseconds(6));
}

// reported-failures 6.1
TEST_F(ProviderTest, SendsTheOperatorsQueryWithEveryRequest) {
  settings.base_url =
      *config::parse_base_url("http://h/v1beta/openai", config::BasePath::kAsWritten);
  settings.query.push_back({"api-version", Secret("2024-10-21")});
  settings.query.push_back({"key", Secret("sk-a b&c=d/e+f%")});
  EXPECT_THAT(head(), ::testing::StartsWith("POST /v1beta/openai/embeddings?api-version=2024-10-21"
                                            "&key=sk-a%20b%26c%3Dd%2Fe%2Bf%25 HTTP/1.1\r\n"));
}

TEST_F(ProviderTest, KeepsTheOperatorsQueryFromUpstreamsOfACallersChoice) {
  settings.base_url.reset();
  settings.query.push_back({"key", Secret("sk-12345678")});
  EXPECT_THAT(head(R"({"passthrough_url":"http://93.184.215.14"})"), Not(HasSubstr("sk-12345678")));
}

}  // namespace
}  // namespace penstock::providers
