// What POST /penstock/explain-route says is what is then served, and asking changes nothing.
//
// Numbers in comments are those of the acceptance cases of model routes (docs/routing.md).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "gateway/routed_gateway.h"

namespace penstock::gateway {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class ExplainRoute : public RoutedGateway {
 protected:
  json explain(std::string_view model = "smart", std::string_view fields = "",
               std::string_view query = "") {
    const Reply reply =
        ask(post("/penstock/explain-route" + std::string(query), chat_body(model), fields));
    EXPECT_EQ(reply.status, 200) << reply.body;
    return json::parse(reply.body, nullptr, false);
  }
  // The providers of the candidates that would be asked, in their order.
  std::string order() {
    std::string order;
    json said = explain();
    for (json& candidate : said["candidates"]) {
      if (candidate.contains("place")) order += candidate["provider"].get<std::string>();
    }
    return order;
  }
  // What is said of that provider's target.
  json said_of(std::string_view provider) {
    json said = explain();
    for (json& candidate : said["candidates"]) {
      if (candidate["provider"] == provider) return candidate;
    }
    ADD_FAILURE() << provider << " is no candidate";
    return json::object();
  }
  std::string standing(std::string_view provider) {
    return said_of(provider).value("standing", "");
  }
};

// 56
TEST_F(ExplainRoute, SaysWhatIsThenServedForEachBalance) {
  for (const config::Balance balance :
       {config::Balance::kWeighted, config::Balance::kRoundRobin, config::Balance::kFirst}) {
    config::ModelRoute& smart = route("abc", "smart-" + std::to_string(static_cast<int>(balance)));
    smart.rules.balance = balance;
    smart.targets[0].weight = 3;
    smart.targets[1].weight = 2;
  }
  start();
  for (const config::ModelRoute& smart : settings->routing.routes) {
    for (int i = 0; i < 12; ++i) {
      const json said = explain(smart.model)["candidates"][0];
      EXPECT_EQ(ask(chat(smart.model)).field("x-penstock-target"),
                said["provider"].get<std::string>() + "/m")
          << smart.model << ", request " << i;
    }
  }
}

// 56
TEST_F(ExplainRoute, SaysWhereTheRequestsOfASessionGo) {
  config::ModelRoute& smart = route("abc");
  smart.rules.balance = config::Balance::kRoundRobin;
  smart.rules.affinity.keys = {config::AffinityRules::Key::kSession};
  start();
  for (int i = 0; i < 12; ++i) {
    const std::string session = "x-session-id: session-" + std::to_string(i) + "\r\n";
    json said = explain("smart", session);
    EXPECT_TRUE(said.contains("affinity_key"));
    EXPECT_EQ(ask(chat("smart", session)).field("x-penstock-target"),
              said["candidates"][0]["provider"].get<std::string>() + "/m");
  }
  EXPECT_FALSE(explain().contains("affinity_key"));
}

// 56
TEST_F(ExplainRoute, SaysWhereARequestGoesAfterEachFailure) {
  config::ModelRoute& smart = route("abc");
  smart.targets[2].priority = 1;
  smart.rules.breaker.failures = 1;
  start();
  EXPECT_EQ(order(), "abc");
  EXPECT_EQ(standing("c"), "other_priority");

  a().next.push_back(Act::error(429, "", "retry-after: 20\r\n"));
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "b/m");
  EXPECT_EQ(order(), "bc");
  pass(seconds(5));
  json said = said_of("a");
  EXPECT_EQ(said["standing"], "cooling");
  EXPECT_NEAR(said["seconds_left"].get<double>(), 15, 0.01);
  EXPECT_EQ(said["reason"], "cools down for 15.0 s, last failure: rate_limited");

  b().next.push_back(Act::error(500));
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "c/m");
  EXPECT_EQ(standing("b"), "open");
  EXPECT_EQ(order(), "cb") << "an open target is asked if nothing else is left";
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "c/m");
  c().next.push_back(Act::error(429, "", "retry-after: 30\r\n"));
  ask(chat());
  EXPECT_EQ(order(), "b");
  EXPECT_THAT(said_of("b")["reason"].get<std::string>(), HasSubstr("nothing else is left"));
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), "b/m");
}

TEST_F(ExplainRoute, SaysWhyATargetIsLeftOut) {
  config::ModelRoute& smart = route("abc");
  smart.targets[0].weight = 0;
  smart.targets[1].max_concurrency = 1;
  start();
  b().next.push_back(Act::silence());
  begin(chat());
  EXPECT_EQ(standing("a"), "draining");
  EXPECT_EQ(standing("b"), "full");
  EXPECT_EQ(said_of("b")["in_flight"], 1);
  EXPECT_EQ(order(), "c");
  json named = explain("smart", "x-penstock-provider: b\r\n");
  EXPECT_EQ(named["candidates"][0]["standing"], "other_provider");
}

TEST_F(ExplainRoute, TakesNoPlaceAndMovesNoRoundRobin) {
  config::ModelRoute& smart = route("abc");
  smart.rules.balance = config::Balance::kRoundRobin;
  smart.rules.hedge = {.delay = seconds(100), .is_on = true, .max_percent = 5};
  start();
  const std::string first = order();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(order(), first);
  EXPECT_EQ(said_of("a")["in_flight"], 0);
  EXPECT_EQ(ask(chat()).field("x-penstock-target"), first.substr(0, 1) + "/m");
  EXPECT_EQ(a().served() + b().served() + c().served(), 1u);
  EXPECT_EQ(order(), first.substr(1) + first[0]);
}

TEST_F(ExplainRoute, LooksAtTheBreakersOfThePathInQuestion) {
  config::ModelRoute& smart = route("ab");
  smart.rules.breaker.failures = 1;
  start();
  a().next.push_back(Act::error(500));
  ask(chat());
  EXPECT_EQ(standing("a"), "open");
  const Reply reply =
      ask(post("/penstock/explain-route?path=/v1/embeddings", R"({"model":"smart","input":"x"})"));
  EXPECT_EQ(json::parse(reply.body)["candidates"][0]["standing"], "usable");
  EXPECT_EQ(json::parse(reply.body)["path"], "/v1/embeddings");
}

TEST_F(ExplainRoute, NamesTheProviderOfAModelWithoutARoute) {
  route("b");
  start();
  EXPECT_EQ(explain("a/m"), json::parse(R"({"model":"a/m","path":"/v1/chat/completions",
                                            "provider":"a","upstream_model":"m"})"));
  EXPECT_EQ(ask(post("/penstock/explain-route", chat_body("nobody"))).status, 404);
}

TEST_F(ExplainRoute, TakesTheModelOfTheQueryWhereThereIsNoBody) {
  route("b");
  start();
  const Reply reply = ask(post("/penstock/explain-route?model=smart", ""));
  EXPECT_EQ(json::parse(reply.body)["candidates"][0]["provider"], "b");
  EXPECT_EQ(ask(post("/penstock/explain-route", "")).status, 400);
  EXPECT_EQ(ask(post("/penstock/explain-route?model=smart&path=/v1/models", "")).status, 400);
  EXPECT_EQ(ask(post("/penstock/explain-route?model=smart&path=/x", "")).status, 400);
}

TEST_F(ExplainRoute, TakesTheModelOfTheQueryForABodyThatNamesNone) {
  route("ab").rules.affinity.keys = {config::AffinityRules::Key::kPromptCacheKey};
  start();
  const Reply reply =
      ask(post("/penstock/explain-route?model=smart", R"({"prompt_cache_key":"k","messages":[]})"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(json::parse(reply.body).contains("affinity_key")) << reply.body;
}

TEST_F(ExplainRoute, ShowsHiddenRoutesAndFallbacks) {
  route("b", "back").hidden = true;
  route("a").fallbacks.any = {"back"};
  start();
  json hidden = explain("back");
  EXPECT_EQ(hidden["hidden"], true);
  EXPECT_EQ(hidden["candidates"][0]["provider"], "b");
  EXPECT_EQ(explain()["fallbacks"], json::parse(R"({"any":["back"],"context_window":[],
                                                    "content_policy":[]})"));
}

TEST_F(ExplainRoute, IsATableForPeople) {
  config::ModelRoute& smart = route("ab");
  smart.targets[1].weight = 0;
  smart.targets[1].max_concurrency = 4;
  smart.fallbacks.any = {"a/m"};
  start();
  const Reply reply =
      ask(post("/penstock/explain-route?model=smart", "", "Accept: text/plain\r\n"));
  EXPECT_EQ(reply.field("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(reply.body,
            "smart: route smart, balance first, affinity none\n"
            "\n"
            "ORDER  TARGET  PRIORITY  WEIGHT  IN FLIGHT  STATE\n"
            "1      a/m     0         1       0          can be asked\n"
            "-      b/m     0         0       0/4        its weight is 0\n"
            "\n"
            "fallbacks.any: a/m\n");
  EXPECT_EQ(ask(post("/penstock/explain-route?model=a/m", "", "Accept: text/plain\r\n")).body,
            "a/m: no route; provider a serves it as m\n");
}

}  // namespace
}  // namespace penstock::gateway
