// How the server learns of models: by asking the upstreams, for itself and for callers, and from
// clients that register them.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "integration/models_fixture.h"

namespace penstock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ModelLists : public ModelsTest {
 protected:
  Json health() { return json_of(ask(get("/v1/providers/passthrough")))["health"]; }
};

// Case 35: Codex reports an error if its list is missing.
TEST_F(ModelLists, HaveCodexsListBesideTheirOwnWhereCodexAsks) {
  const Json plain = json_of(ask(get("/v1/models")));
  Json codexs = json_of(ask(get("/v1/models?client_version=0.171.0")));
  EXPECT_EQ(codexs["models"], Json::array());
  codexs.erase("models");
  EXPECT_EQ(codexs, plain);
  codexs = json_of(ask(get("/v1/models?client_version=0.171.0",
                           {{"X-OGX-Provider-Data", R"({"passthrough_api_key":"k"})"}})));
  EXPECT_EQ(codexs["models"], Json::array());
  EXPECT_EQ(codexs["data"], plain["data"]);
}

TEST_F(ModelLists, OfAnUpstreamThatIsDownComeWhenItIsUp) {
  upstream.answer_models(Script().close());
  EXPECT_THAT(ids_of(list()), ElementsAre());
  EXPECT_EQ(health()["status"], "Error");
  EXPECT_NE(health()["message"], "");
  EXPECT_EQ(json_of(ask(get("/readyz"))), Json({{"status", "ready"}}));
  // Routed anyway: the upstream may serve what it does not list.
  EXPECT_EQ(upstream_name_of("passthrough/m1"), "m1");
  upstream.set_models({"m1"});
  EXPECT_TRUE(eventually([&] { return health()["status"] == "OK"; }));
  EXPECT_THAT(ids_of(list()), ElementsAre("passthrough/m1"));
  EXPECT_EQ(service().metric(R"(penstock_provider_up{provider="passthrough"})"), 1);
}

TEST_F(ModelLists, OfAnUpstreamThatRefusesConnectionsAreAnError) {
  const RefusingPort nobody;
  settings = passthrough_settings(fmt::format("http://127.0.0.1:{}", nobody.port()));
  EXPECT_EQ(health()["status"], "Error");
  EXPECT_EQ(service().metric(R"(penstock_provider_up{provider="passthrough"})"), 0);
  expect_error(ask(chat(Answer::kWhole)), 502, "upstream_unreachable");
}

TEST_F(ModelLists, ThatAreNoneAreAnError) {
  const std::array<std::pair<std::string_view, std::string_view>, 4> bodies = {{
      {R"({"data":{}})", "not a model list"},
      {"{}", "not a model list"},
      {"<html>", "not a model list"},
      {"", "not a model list"},
  }};
  for (const auto& [body, message] : bodies) {
    ScriptedUpstream odd;
    odd.answer_models(Script().send(json_answer(200, body)));
    TestService server(passthrough_settings(odd.url()));
    const WholeAnswer answer = RawClient(server.port()).ask(get("/v1/providers/passthrough"));
    const Json found = json_of(answer)["health"];
    EXPECT_EQ(found["status"], "Error") << body;
    EXPECT_THAT(found["message"].get<std::string>(), HasSubstr(message)) << body;
  }
}

TEST_F(ModelLists, ThatAreRefusedNameTheStatus) {
  upstream.answer_models(Script().send(json_answer(401, R"({"error":"sk-canary is wrong"})")));
  EXPECT_THAT(health()["message"].get<std::string>(), HasSubstr("401"));
  EXPECT_EQ(health().dump().find("canary"), std::string::npos);
}

TEST_F(ModelLists, AreAskedForWithTheOperatorsKey) {
  settings.providers[0].api_key = Secret("sk-static");
  service();
  ASSERT_TRUE(upstream.wait_for_models_request());
  const SeenRequest seen = upstream.models_requests().front();
  EXPECT_EQ(seen.target, "/v1/models");
  EXPECT_EQ(seen.head.find("authorization"), "Bearer sk-static");
}

TEST_F(ModelLists, AreAskedForAgainWhereTheProviderSaysSo) {
  settings.providers[0].refresh_models = true;
  settings.server.registry_refresh_interval = std::chrono::seconds(1);
  EXPECT_THAT(ids_of(list()), ElementsAre("passthrough/m1"));
  upstream.set_models({"m2", "m3"});
  EXPECT_TRUE(eventually([&] { return ids_of(list()).size() == 2; }));
  EXPECT_THAT(ids_of(list()), ElementsAre("passthrough/m2", "passthrough/m3"));
}

TEST_F(ModelLists, StayWhereTheUpstreamFailsLater) {
  settings.providers[0].refresh_models = true;
  settings.server.registry_refresh_interval = std::chrono::seconds(1);
  EXPECT_EQ(health()["status"], "OK");
  upstream.answer_models(Script().send(json_answer(500, "{}")));
  EXPECT_TRUE(eventually([&] { return health()["status"] == "Error"; }));
  EXPECT_THAT(ids_of(list()), ElementsAre("passthrough/m1"));
}

TEST_F(ModelLists, ForACallerShowWhatItsKeyAddsAndForgetIt) {
  EXPECT_THAT(ids_of(list()), ElementsAre("passthrough/m1"));
  upstream.set_models({"private", "m1"});
  EXPECT_THAT(ids_of(list_for(R"({"passthrough_api_key":"sk-caller"})")),
              ElementsAre("passthrough/m1", "passthrough/private"));
  ASSERT_TRUE(upstream.wait_for_models_request(1));
  EXPECT_EQ(upstream.models_requests()[1].head.find("authorization"), "Bearer sk-caller");
  EXPECT_THAT(ids_of(list()), ElementsAre("passthrough/m1"));
  expect_error(ask(get("/v1/models/passthrough/private")), 404, "model_not_found");
}

TEST_F(ModelLists, ForACallerWhoseUpstreamFailsAreThoseOfEverybody) {
  service();
  upstream.answer_models(Script().send(json_answer(401, "{}")));
  EXPECT_THAT(ids_of(list_for("{}")), ElementsAre("passthrough/m1"));
}

// --- Registration at run time ---

class Registration : public ModelsTest {
 protected:
  WholeAnswer add(std::string_view body) { return ask(post("/v1/models", body)); }
  WholeAnswer remove(std::string_view id) {
    return ask(fmt::format("DELETE /v1/models/{} HTTP/1.1\r\nHost: test\r\n\r\n", id));
  }
};

TEST_F(Registration, MakesAnAlias) {
  const Json added = json_of(add(R"({"model_id":"nick","provider_id":"passthrough",)"
                                 R"("provider_model_id":"m9","metadata":{"a":1}})"));
  EXPECT_EQ(added["identifier"], "passthrough/nick");
  EXPECT_EQ(added["provider_resource_id"], "m9");
  EXPECT_EQ(added["metadata"], Json({{"a", 1}}));
  EXPECT_TRUE(eventually([&] { return ids_of(list()).size() == 2; }));
  EXPECT_EQ(upstream_name_of("passthrough/nick"), "m9");
  EXPECT_EQ(upstream_name_of("nick"), "m9");
}

TEST_F(Registration, PutsTheProvidersNameBeforeTheUpstreamsOwn) {
  EXPECT_EQ(json_of(add(R"({"model_id":"m7"})"))["identifier"], "passthrough/m7");
}

TEST_F(Registration, IsUndone) {
  json_of(add(R"({"model_id":"nick","provider_model_id":"m9","model_type":"embedding"})"));
  EXPECT_EQ(remove("nick").body, "null");
  EXPECT_TRUE(eventually([&] { return ids_of(list()).size() == 1; }));
  expect_not_found("nick");
  expect_error(remove("nick"), 404, "model_not_found");
}

// reported-failures 1.4
TEST_F(Registration, RemovesNothingThatWasNotRegisteredAtRunTime) {
  settings.models = {{.id = "alias", .provider_id = "passthrough", .provider_model_id = "m1"}};
  for (const char* id : {"alias", "passthrough%2Falias", "passthrough%2Fm1"}) {
    expect_error(remove(id), 403, "forbidden");
  }
  EXPECT_EQ(upstream_name_of("alias"), "m1");
  EXPECT_THAT(ids_of(list()), ElementsAre("passthrough/alias", "passthrough/m1"));
}

// reported-failures 1.4
TEST_F(Registration, IsForAdministratorsWhereThereAreKeys) {
  settings.server.api_keys = {
      {.name = "app", .key = Secret("sk-app-0123456789")},
      {.name = "ops", .key = Secret("sk-ops-0123456789"), .role = config::Role::kAdmin}};
  const auto as = [&](std::string_view key, std::string_view line, std::string_view body) {
    return ask(
        fmt::format("{} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {}\r\n"
                    "Content-Length: {}\r\n\r\n{}",
                    line, key, body.size(), body));
  };
  constexpr std::string_view kNick = R"({"model_id":"nick","provider_model_id":"m1"})";
  expect_error(as("sk-app-0123456789", "POST /v1/models", kNick), 403, "forbidden");
  expect_error(as("sk-app-0123456789", "POST /v1/openai/v1/models", kNick), 403, "forbidden");
  json_of(as("sk-ops-0123456789", "POST /v1/models", kNick));
  expect_error(as("sk-app-0123456789", "DELETE /v1/models/nick", ""), 403, "forbidden");
  EXPECT_EQ(as("sk-app-0123456789", "GET /v1/models/passthrough/nick", "").status(), 200);
  EXPECT_EQ(as("sk-ops-0123456789", "DELETE /v1/models/nick", "").body, "null");
}

TEST_F(Registration, RefusesWhatItCannotUse) {
  settings.providers[0].allowed_models = {"m1"};
  for (const char* body :
       {"", "[]", "{", R"({"model_id":5})", R"({"model_id":""})", R"({"provider_id":"x"})",
        R"({"model_id":"x","provider_id":"nope"})", R"({"model_id":"x","model_type":"novel"})",
        R"({"model_id":"x","metadata":[]})", R"({"model_id":"not-allowed"})",
        R"({"model_id":"m1"})"}) {
    expect_error(add(body), 400, "");
  }
  EXPECT_THAT(ids_of(list()), ElementsAre("passthrough/m1"));
}

}  // namespace
}  // namespace penstock::testing
