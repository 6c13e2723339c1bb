// The server's routes, under both of their prefixes, and what it reports about itself there.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/version.h"
#include "integration/json_answer.h"
#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

constexpr std::string_view kOlderPrefix = "/v1/openai";

class Routes : public GatewayTest {
 protected:
  WholeAnswer ask(std::string_view text) { return connect().ask(text); }
};

class ApiRoutes : public Routes, public ::testing::WithParamInterface<std::string_view> {};

TEST_P(ApiRoutes, AnswerToGet) {
  json_of(ask(get(GetParam())));
}

TEST_P(ApiRoutes, AnswerUnderTheOlderPrefixAsWell) {
  const WholeAnswer older = ask(get(std::string(kOlderPrefix) + std::string(GetParam())));
  EXPECT_EQ(json_of(older), json_of(ask(get(GetParam()))));
}

INSTANTIATE_TEST_SUITE_P(All, ApiRoutes,
                         ::testing::Values("/v1/models", "/v1/models/passthrough/m1", "/v1/health",
                                           "/v1/version", "/v1/providers",
                                           "/v1/providers/passthrough", "/v1/inspect/routes"));

class InferenceRoutes : public Routes, public ::testing::WithParamInterface<std::string_view> {};

TEST_P(InferenceRoutes, AreForwardedFromBothPrefixes) {
  const std::string path(GetParam());
  EXPECT_EQ(ask(post(path, chat_body())).status(), 200);
  EXPECT_EQ(ask(post(std::string(kOlderPrefix) + path, chat_body())).status(), 200);
  for (std::size_t i : {0, 1}) {
    const SeenRequest seen = upstream.wait_for_request(i);
    EXPECT_EQ(seen.method, "POST");
    EXPECT_EQ(seen.target, path);
    EXPECT_EQ(seen.body, chat_body("m1"));
  }
}

// reported-failures 5.7
TEST_P(InferenceRoutes, ForwardAQueryAsItIsAndNothingElseOfTheTarget) {
  const std::string path(GetParam());
  for (const std::string query : {"?api-version=1", "?a=../..&b=%2F%2e%2e?c&&d", "?"}) {
    const std::size_t before = upstream.requests().size();
    EXPECT_EQ(ask(post("/v1/openai" + path + query, chat_body())).status(), 200);
    EXPECT_EQ(upstream.wait_for_request(before).target, path + (query == "?" ? "" : query));
  }
}

TEST_P(InferenceRoutes, KeepTheOperatorsParametersFromTheClients) {
  settings.providers[0].query = {{"api-version", Secret("2")}};
  const std::string path(GetParam());
  EXPECT_EQ(ask(post(path + "?a=1&api%2Dversion=3&b", chat_body())).status(), 200);
  EXPECT_EQ(upstream.wait_for_request(0).target, path + "?api-version=2&a=1&b");
}

INSTANTIATE_TEST_SUITE_P(All, InferenceRoutes,
                         ::testing::Values("/v1/chat/completions", "/v1/completions",
                                           "/v1/embeddings"));

TEST_F(Routes, OfOperationsStandOutsideOfTheApi) {
  EXPECT_EQ(json_of(ask(get("/healthz"))), Json({{"status", "ok"}}));
  EXPECT_EQ(json_of(ask(get("/readyz"))), Json({{"status", "ready"}}));
  const WholeAnswer metrics = ask(get("/metrics"));
  EXPECT_EQ(metrics.status(), 200);
  EXPECT_EQ(metrics.head.find("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  expect_error(ask(get("/v1/metrics")), 404, "not_found");
  expect_error(ask(get("/v1/openai/healthz")), 404, "not_found");
}

TEST_F(Routes, AreSpelledInOneWayOnly) {
  for (const char* path :
       {"/v1", "/v1/", "/v1/health/", "/V1/health", "/v1/Health", "/v1/%68ealth", "/v1/openai",
        "/v1/openai/v1", "/v1/openai/health", "/v1/openai/v1/openai/v1/health", "/v2/models",
        "/v1/chat/completions/"}) {
    expect_error(ask(get(path)), 404, "not_found");
  }
}

// reported-failures 5.5: what a client sends whose base URL ends in a slash.
TEST_F(Routes, ThatBeginWithTwoSlashesNameTheOneThatWasMeant) {
  const WholeAnswer answer = ask(get("//v1/models?x=//v1/embeddings"));
  EXPECT_EQ(answer.status(), 400);
  EXPECT_EQ(message_of(answer), "the path begins with two slashes; did you mean /v1/models?");
  EXPECT_EQ(message_of(ask(get("//x"))), "the path begins with two slashes");
}

TEST_F(Routes, ThatDoNotExistAreNamedInTheError) {
  RawClient client = connect();
  const WholeAnswer answer = client.ask(get("/v1/nothing?key=secret"));
  expect_error(answer, 404, "not_found");
  EXPECT_EQ(message_of(answer), "no such route: /v1/nothing");
  const Json error = Json::parse(answer.body)["error"];
  EXPECT_EQ(error["type"], "invalid_request_error");
  EXPECT_TRUE(error["param"].is_null());
  // The framing was sound: the connection continues.
  EXPECT_EQ(client.ask(get("/v1/health")).status(), 200);
}

struct WrongMethod {
  std::string_view method;
  std::string_view path;
  std::string_view allow;
};
class WrongMethods : public Routes, public ::testing::WithParamInterface<WrongMethod> {};

TEST_P(WrongMethods, AreToldWhichOnesAreRight) {
  const WholeAnswer answer = ask(bare_request(GetParam().method, GetParam().path));
  expect_error(answer, 405, "method_not_allowed");
  EXPECT_EQ(answer.head.find("allow"), GetParam().allow);
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongMethods,
    ::testing::Values(WrongMethod{"DELETE", "/v1/chat/completions", "POST, GET, HEAD"},
                      WrongMethod{"GET", "/v1/openai/v1/completions", "POST"},
                      WrongMethod{"DELETE", "/v1/embeddings", "POST"},
                      WrongMethod{"DELETE", "/v1/models", "GET, HEAD, POST"},
                      WrongMethod{"PUT", "/v1/models/passthrough/m1", "GET, HEAD, DELETE"},
                      WrongMethod{"DELETE", "/v1/health", "GET, HEAD"},
                      WrongMethod{"DELETE", "/v1/providers/passthrough", "GET, HEAD"},
                      WrongMethod{"OPTIONS", "/v1/version", "GET, HEAD"},
                      WrongMethod{"PATCH", "/metrics", "GET, HEAD"}));

// reported-failures 5.3
TEST_P(ApiRoutes, AnswerHeadAsGetWithoutABody) {
  const WholeAnswer whole = ask(get(GetParam()));
  RawClient client = connect();
  ASSERT_TRUE(client.send(bare_request("HEAD", GetParam()) +
                          get("/v1/version", {{"Connection", "close"}})));
  EXPECT_EQ(client.read_to_end(), Io::kEnd);
  std::string received = client.unread();
  const auto head = take_head(received);
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->find("content-length"), std::to_string(whole.body.size()));
  EXPECT_TRUE(received.starts_with("HTTP/1.1 200")) << received;
}

TEST_F(Routes, AnswerHeadWithoutABodyWhereThereIsNoSuchMethod) {
  RawClient client = connect();
  ASSERT_TRUE(client.send(bare_request("HEAD", "/v1/completions") +
                          get("/v1/version", {{"Connection", "close"}})));
  EXPECT_EQ(client.read_to_end(), Io::kEnd);
  std::string received = client.unread();
  const auto head = take_head(received);
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->status, 405);
  EXPECT_TRUE(received.starts_with("HTTP/1.1 200")) << received;
}

TEST_F(Routes, TellHealthAndVersion) {
  EXPECT_EQ(ask(get("/v1/health")).body, R"({"status":"OK"})");
  EXPECT_EQ(ask(get("/health")).body, R"({"status":"OK"})");  // reported-failures 5.11
  EXPECT_EQ(ask(get("/v1/version")).body, fmt::format(R"({{"version":"{}"}})", kVersion));
}

TEST_F(Routes, AnswerInSoundJsonWhateverIsAskedFor) {
  for (const char* path : {"/v1/models/%ff", "/v1/models/%00%22%5c%0d%0a", "/v1/providers/%c3",
                           "/v1/%ff", "/v1/models/%ed%a0%80", "/v1/models/%f0%9f%98%80"}) {
    const WholeAnswer answer = ask(get(path));
    EXPECT_TRUE(answer.status() == 404 || answer.status() == 400) << path;
    EXPECT_TRUE(Json::accept(answer.body)) << path << ": " << answer.body;
  }
  // Names are cut in the error, but not inside a character.
  for (std::size_t bytes = 250; bytes < 260; ++bytes) {
    const std::string name = "x/" + std::string(bytes, 'a') + "\u20AC\u20AC";
    const WholeAnswer answer = ask(chat(Answer::kWhole, name));
    expect_error(answer, 404, "model_not_found");
  }
}

TEST_F(Routes, AreListedByTheInspection) {
  const Json all = json_of(ask(get("/v1/inspect/routes")));
  std::set<std::string> listed;
  for (const Json& route : all["data"]) {
    EXPECT_EQ(route.size(), 3u) << route;
    const std::string method = route["method"];
    const std::string path = route["route"];
    EXPECT_TRUE(listed.insert(method + " " + path).second) << method << " " << path;
    const bool is_passed = !route["provider_types"].empty();
    EXPECT_TRUE(!is_passed || route["provider_types"] == Json({"remote::passthrough"})) << route;
  }
  for (const char* own : {"GET /v1/models", "DELETE /v1/models/{model_id}", "GET /v1/health",
                          "GET /v1/providers/{provider_id}", "GET /metrics"}) {
    EXPECT_TRUE(listed.contains(own)) << own;
  }
  for (const char* passed : {"POST /v1/chat/completions", "POST /v1/responses", "POST /v1/messages",
                             "GET /v1/responses/{response_id}", "POST /v1/rerank"}) {
    EXPECT_TRUE(listed.contains(passed)) << passed;
  }
}

TEST_F(Routes, AreListedForAnApiLevel) {
  const Json all = json_of(ask(get("/v1/inspect/routes")));
  EXPECT_EQ(json_of(ask(get("/v1/inspect/routes?api_filter=v1"))), all);
  for (const char* level : {"v1alpha", "v1beta", "deprecated"}) {
    const Json none = json_of(ask(get(fmt::format("/v1/inspect/routes?a=b&api_filter={}", level))));
    EXPECT_EQ(none["data"], Json::array()) << level;
  }
}

// reported-failures 7.8
TEST_F(Routes, RefuseAnApiLevelThatIsNone) {
  for (const char* query : {"api_filter=zz", "api_filter=", "api_filter", "a=b&api%5Ffilter=V1",
                            "api_filter=v1&api_filter=v2"}) {
    const WholeAnswer answer = ask(get(fmt::format("/v1/inspect/routes?{}", query)));
    EXPECT_EQ(answer.status(), 400) << query;
    EXPECT_NE(message_of(answer).find("'v1alpha'"), std::string::npos) << query;
  }
  EXPECT_EQ(ask(get("/v1/inspect/routes?api_filter=v%31&other=zz")).status(), 200);
}

// reported-failures 7.10
TEST_F(Routes, DescribeAProviderAsItIsWrittenWithItsSecretsMasked) {
  settings = settings_from_yaml(fmt::format(R"(
providers:
  inference:
    - provider_id: passthrough
      provider_type: "remote::passthrough"
      config:
        base_url: "{}/"
        api_key: sk-static-canary
        network: {{headers: {{X-Key: header-canary}}}}
        allowed_models: [m1]
        forward_headers: {{tenant: X-Tenant}}
)",
                                            upstream.url()));
  const WholeAnswer answer = ask(get("/v1/providers"));
  EXPECT_EQ(answer.body.find("canary"), std::string::npos) << answer.body;
  const Json expected = {{"api", "inference"},
                         {"provider_id", "passthrough"},
                         {"provider_type", "remote::passthrough"},
                         {"config",
                          {{"base_url", upstream.url() + "/"},
                           {"api_key", "********"},
                           {"network", {{"headers", {{"X-Key", "********"}}}}},
                           {"allowed_models", Json::array({"m1"})},
                           {"forward_headers", {{"tenant", "X-Tenant"}}}}},
                         {"health", {{"status", "OK"}}}};
  EXPECT_EQ(answer.body, Json({{"data", Json::array({expected})}}).dump());
  EXPECT_EQ(ask(get("/v1/providers/passthrough")).body, expected.dump());
}

TEST_F(Routes, KnowNoOtherProviders) {
  const WholeAnswer answer = ask(get("/v1/providers/nope"));
  EXPECT_EQ(answer.status(), 400);
  EXPECT_EQ(message_of(answer), "Provider nope not found");
}

}  // namespace
}  // namespace penstock::testing
