// Which key opens what: the client's opens only the gateway; the upstream gets the operator's, or
// one that the caller sends for it.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "integration/json_answer.h"
#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

constexpr std::string_view kAlicesKey = "client-key-0123456789";

HeaderList with_data(std::string_view provider_data) {
  return {{"X-OGX-Provider-Data", std::string(provider_data)}};
}

// --- Towards the upstream ---

struct Credentials {
  std::string_view name;
  std::string_view api_key;        // static
  bool operators_header;           // network.headers has an Authorization
  bool forwards_authorization;     // forward_headers: {auth: Authorization}
  std::string_view provider_data;  // of the request
  std::optional<std::string> sent;
};
void PrintTo(const Credentials& credentials, std::ostream* out) {
  *out << credentials.name;
}

class CredentialsOrder : public GatewayTest, public ::testing::WithParamInterface<Credentials> {};

TEST_P(CredentialsOrder, DecidesWhatTheUpstreamGets) {
  const Credentials& given = GetParam();
  config::Provider& provider = settings.providers[0];
  provider.api_key = Secret(std::string(given.api_key));
  if (given.operators_header) provider.headers = {{"Authorization", Secret("Basic operator")}};
  if (given.forwards_authorization) provider.forward_headers = {{"auth", "Authorization"}};
  HeaderList headers = with_data(given.provider_data);
  headers.emplace_back("Authorization", "Bearer " + std::string(kAlicesKey));
  const WholeAnswer answer = connect().ask(post(kChatPath, chat_body(), headers));
  EXPECT_EQ(answer.status(), 200) << answer.body;
  const SeenRequest seen = upstream.wait_for_request();
  EXPECT_EQ(seen.head.find("authorization"), given.sent);
  EXPECT_LE(seen.head.count("authorization"), 1u);
  EXPECT_EQ(seen.head.text.find(kAlicesKey), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    All, CredentialsOrder,
    ::testing::Values(
        Credentials{"StaticKeyBeforeAllOthers", "sk-static", true, true,
                    R"({"passthrough_api_key":"sk-caller","auth":"Bearer forwarded"})",
                    "Bearer sk-static"},
        Credentials{"OperatorsHeaderBeforeTheCallers", "", true, true,
                    R"({"passthrough_api_key":"sk-caller","auth":"Bearer forwarded"})",
                    "Basic operator"},
        Credentials{"CallersKeyBeforeAForwardedField", "", false, true,
                    R"({"passthrough_api_key":"sk-caller","auth":"Bearer forwarded"})",
                    "Bearer sk-caller"},
        Credentials{"ForwardedField", "", false, true, R"({"auth":"Bearer forwarded"})",
                    "Bearer forwarded"},
        Credentials{"NothingThatIsNotForwarded", "", false, false, R"({"auth":"Bearer forwarded"})",
                    std::nullopt},
        Credentials{"NothingOfTheClientsOwn", "", false, true, "{}", std::nullopt},
        Credentials{"StaticKeyAlone", "sk-static", false, false, "{}", "Bearer sk-static"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(GatewayTest, NoFieldOfTheClientsThatNamesACredentialReachesTheUpstream) {
  const HeaderList headers = {{"Authorization", "Bearer canary"},
                              {"X-Api-Key", "canary"},
                              {"Api-Key", "canary"},
                              {"Cookie", "a=canary"},
                              {"Proxy-Authorization", "canary"},
                              {"X-Forwarded-For", "canary"},
                              {"Forwarded", "for=canary"}};
  EXPECT_EQ(connect().ask(post(kChatPath, chat_body(), headers)).status(), 200);
  EXPECT_EQ(upstream.wait_for_request().head.text.find("canary"), std::string::npos);
}

// reported-failures 7.12
TEST_F(GatewayTest, FieldsOfABodyThatSayHeadersAreForwardedAndChangeNone) {
  settings.providers[0].api_key = Secret("sk-static");
  const std::string extras =
      R"("extra_headers":{"Authorization":"Bearer canary"},"extra_query":{"a":"canary"},)"
      R"("extra_body":{"model":"canary"}})";
  const std::string sent = R"({"model":"passthrough/m",)" + extras;
  EXPECT_EQ(connect().ask(post(kChatPath, sent)).status(), 200);
  const SeenRequest seen = upstream.wait_for_request();
  EXPECT_EQ(seen.head.find("authorization"), "Bearer sk-static");
  EXPECT_EQ(seen.head.text.find("canary"), std::string::npos);
  EXPECT_EQ(seen.body, R"({"model":"m",)" + extras);
}

TEST_F(GatewayTest, ACallersKeyServesOneRequestOnly) {
  RawClient client = connect();
  const HeaderList caller = with_data(R"({"passthrough_api_key":"sk-caller"})");
  client.ask(post(kChatPath, chat_body(), caller));
  client.ask(chat(Answer::kWhole));
  EXPECT_EQ(upstream.wait_for_request(0).head.find("authorization"), "Bearer sk-caller");
  EXPECT_EQ(upstream.wait_for_request(1).head.find("authorization"), std::nullopt);
}

TEST_F(GatewayTest, AKeyCannotBreakOutOfItsField) {
  const HeaderList caller =
      with_data(R"({"passthrough_api_key":"sk\r\nX-Evil: 1\u0000\u0085\u2028\u2029\u007f"})");
  EXPECT_EQ(connect().ask(post(kChatPath, chat_body(), caller)).status(), 200);
  const SeenRequest seen = upstream.wait_for_request();
  EXPECT_EQ(seen.head.find("authorization"), "Bearer skX-Evil: 1");
  EXPECT_EQ(seen.head.find("x-evil"), std::nullopt);
}

// --- Into the gateway ---

class ApiKeys : public GatewayTest {
 protected:
  ApiKeys() { settings.server.api_keys = {{"alice", Secret(std::string(kAlicesKey))}}; }

  WholeAnswer ask(std::string_view target, std::optional<std::string> authorization) {
    HeaderList headers;
    if (authorization) headers.emplace_back("Authorization", *authorization);
    return connect().ask(get(target, headers));
  }
};

TEST_F(ApiKeys, OpenTheServer) {
  EXPECT_EQ(ask("/v1/models", "Bearer " + std::string(kAlicesKey)).status(), 200);
}

// reported-failures 5.1, 5.2
TEST_F(ApiKeys, OpenTheServerInEveryFieldThatClientsSendThemIn) {
  const std::string key(kAlicesKey);
  for (const auto& [name, value] : HeaderList{{"Authorization", "bearer " + key},
                                              {"Authorization", "BEARER   " + key},
                                              {"x-api-key", key},
                                              {"X-API-Key", key},
                                              {"api-key", key}}) {
    EXPECT_EQ(connect().ask(get("/v1/models", {{name, value}})).status(), 200) << name;
    EXPECT_EQ(connect().ask(post(kChatPath, chat_body(), {{name, value}})).status(), 200) << name;
    upstream.wait_for_request(upstream.requests().size() - 1);
  }
  for (const SeenRequest& seen : upstream.requests()) {
    EXPECT_EQ(seen.head.text.find(key), std::string::npos) << seen.head.text;
  }
}

TEST_F(ApiKeys, AreAskedForInTheReferencesWords) {
  const WholeAnswer none = ask("/v1/models", std::nullopt);
  expect_error(none, 401, "invalid_api_key");
  EXPECT_EQ(message_of(none),
            "Authentication required. Please provide your API key as a Bearer token");
  EXPECT_EQ(none.head.find("www-authenticate"), "Bearer");
  EXPECT_EQ(Json::parse(none.body)["error"]["type"], "authentication_error");
  for (const std::string& odd :
       {std::string("Basic YTpi"), std::string("Bearer"), std::string(kAlicesKey)}) {
    const WholeAnswer answer = ask("/v1/models", odd);
    expect_error(answer, 401, "invalid_api_key");
    EXPECT_EQ(message_of(answer), "Invalid Authorization header format");
  }
  const WholeAnswer wrong = ask("/v1/models", "Bearer wrong-canary");
  expect_error(wrong, 401, "invalid_api_key");
  EXPECT_EQ(wrong.body.find("canary"), std::string::npos);
}

TEST_F(ApiKeys, AreAskedForBeforeAnythingIsToldOfRoutes) {
  for (const char* path : {"/v1/nothing", "/x", "/v1/openai/v1/nothing", "/v1/models/none",
                           "/v1/providers", "/v1/inspect/routes", "/v1/chat/completions"}) {
    expect_error(ask(path, std::nullopt), 401, "invalid_api_key");
  }
  expect_error(connect().ask(post("/v1/health/x", "{}")), 401, "invalid_api_key");
}

TEST_F(ApiKeys, AreAskedForBeforeABodyIsRead) {
  RawClient client = connect();
  ASSERT_TRUE(
      client.send("POST /v1/chat/completions HTTP/1.1\r\nHost: test\r\n"
                  "Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{"));
  EXPECT_EQ(client.read_answer().status(), 401);
  EXPECT_TRUE(upstream.requests().empty());
}

TEST_F(ApiKeys, AreNotNeededForHealthAndVersion) {
  for (const char* path :
       {"/v1/health", "/v1/version", "/v1/openai/v1/health", "/healthz", "/readyz", "/metrics"}) {
    EXPECT_EQ(ask(path, std::nullopt).status(), 200) << path;
  }
}

TEST_F(ApiKeys, NameThePrincipalInTheAccessLog) {
  ask("/v1/models", "Bearer " + std::string(kAlicesKey));
  ask("/v1/models", "Bearer wrong");
  const std::vector<std::string> lines = service().access_log(2);
  EXPECT_EQ(Json::parse(lines[0])["principal"], "alice");
  EXPECT_FALSE(Json::parse(lines[1]).contains("principal"));
  EXPECT_EQ(Json::parse(lines[1])["error"], "invalid_api_key");
}

}  // namespace
}  // namespace penstock::testing
