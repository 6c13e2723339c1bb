// What operators see of models' routes: the access log, the metrics, the list of providers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "gateway/routed_gateway.h"
#include "gateway/target_outcome.h"
#include "support/paths.h"
#include "support/patience.h"

namespace penstock::gateway {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class SeenRouting : public RoutedGateway {
 protected:
  // Of one that writes its access log.
  void start_logging() {
    log_path_ = ::testing::TempDir() + "penstock-seen-XXXXXX";
    ::close(::mkstemp(log_path_.data()));
    access_log_target = log_path_;
    start();
  }
  ~SeenRouting() override {
    if (!log_path_.empty()) ::unlink(log_path_.c_str());
  }

  // The log's lines, once it has so many.
  std::vector<json> lines(std::size_t count) {
    access_log_shard->flush();
    std::vector<json> lines;
    const testing::TimePoint until = testing::after(testing::kPatience);
    while (lines.size() < count && testing::Clock::now() < until) {
      lines.clear();
      std::ifstream file(log_path_);
      for (std::string line; std::getline(file, line);) {
        lines.push_back(json::parse(line, nullptr, false));
      }
      std::this_thread::yield();
    }
    EXPECT_EQ(lines.size(), count);
    lines.resize(count);
    return lines;
  }

  json get(std::string_view path) {
    const Reply reply = ask("GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(reply.status, 200);
    return json::parse(reply.body, nullptr, false);
  }
  // Of an attempt at that provider.
  double attempts(std::string_view provider, std::string_view outcome) const {
    return sample("penstock_attempts_total{provider=\"" + std::string(provider) + "\",class=\"" +
                  std::string(outcome) + "\"}");
  }
  double of_target(std::string_view family, std::string_view provider,
                   std::string_view more = "") const {
    return sample("penstock_target_" + std::string(family) + "{provider=\"" +
                  std::string(provider) + "\",model=\"m\"" + std::string(more) + "}");
  }

 private:
  std::string log_path_;
};

TEST_F(SeenRouting, HasOneLineForARequestThatTheFirstTargetServes) {
  route();
  start_logging();
  ask(chat());
  json line = lines(1)[0];
  EXPECT_EQ(line["target"], "a/m");
  EXPECT_EQ(line["model"], "smart");
  EXPECT_FALSE(line.contains("fallback"));
}

TEST_F(SeenRouting, HasALineForEachAttemptBeforeTheRequestsOwn) {
  route();
  start_logging();
  a().next.push_back(
      Act().wait(milliseconds(20)).then("HTTP/1.1 500 S\r\nContent-Length: 0\r\n\r\n"));
  const auto id = "x-request-id: req-7\r\n";
  Client& client = begin(chat("smart", id));
  pass(milliseconds(30));
  EXPECT_EQ(client.reply().status, 200);
  std::vector<json> all = lines(3);
  EXPECT_EQ(all[0]["request_id"], "req-7");
  EXPECT_EQ(all[0]["attempt"], 1);
  EXPECT_EQ(all[0]["target"], "a/m");
  EXPECT_EQ(all[0]["class"], "server");
  EXPECT_EQ(all[0]["status"], 500);
  EXPECT_EQ(all[0]["duration_ms"], 20.0);
  EXPECT_EQ(all[0]["wait_ms"], 0.0);
  EXPECT_EQ(all[1]["attempt"], 2);
  EXPECT_EQ(all[1]["target"], "b/m");
  EXPECT_EQ(all[1]["class"], "ok");
  EXPECT_EQ(all[1]["status"], 200);
  EXPECT_EQ(all[2]["request_id"], "req-7");
  EXPECT_EQ(all[2]["target"], "b/m");
  EXPECT_EQ(all[2]["status"], 200);
}

TEST_F(SeenRouting, HasALineForTheOnlyAttemptIfItFailed) {
  route("a");
  start_logging();
  a().always = Act::error(400);
  EXPECT_EQ(ask(chat()).status, 400);
  std::vector<json> all = lines(2);
  EXPECT_EQ(all[0]["class"], "caller");
  EXPECT_EQ(all[0]["status"], 400);
  EXPECT_EQ(all[1]["target"], "a/m");
}

TEST_F(SeenRouting, TellsAStreamThatBrokeOffFromOneThatDidNot) {
  route();
  start_logging();
  a().next.push_back(Act::begin_stream().event(kRole).event(kHello).reset());
  ask(stream());
  EXPECT_EQ(lines(2)[0]["class"], "broken_stream");
  EXPECT_EQ(attempts("a", "broken_stream"), 1);
  EXPECT_EQ(attempts("a", "ok"), 0);
}

// Positions in the settings are others after a reload.
TEST_F(SeenRouting, CountsInTheSeriesOfTheNamesThatTheSettingsHave) {
  served_before = {.providers = {"c", "b", "gone"}, .model_routes = {"other", "smart"}};
  route("a").fallbacks.any = {"other"};
  route("b", "other");
  start();
  a().always = Act::error(402);
  ask(chat());
  EXPECT_EQ(attempts("a", "quota"), 1);
  EXPECT_EQ(attempts("b", "ok"), 1);
  EXPECT_EQ(sample("penstock_upstream_connections_opened_total{provider=\"a\"}"), 1);
  EXPECT_EQ(sample("penstock_upstream_connections_opened_total{provider=\"b\"}"), 1);
  EXPECT_EQ(sample("penstock_upstream_connections_opened_total{provider=\"c\"}"), 0);
  EXPECT_EQ(sample("penstock_request_duration_seconds_count{route=\"/v1/chat/completions\","
                   "provider=\"b\"}"),
            1);
  EXPECT_EQ(sample("penstock_fallbacks_total{model=\"smart\"}"), 1);
  EXPECT_EQ(sample("penstock_fallbacks_total{model=\"other\"}"), 0);
}

TEST_F(SeenRouting, TellsThatTheClientLeft) {
  route();
  start();
  a().next.push_back(Act::silence());
  Client& client = begin(chat());
  client.leave();
  pass(milliseconds(1));
  EXPECT_EQ(attempts("a", "gone"), 1);
  EXPECT_EQ(attempts("b", "ok"), 0);
}

TEST_F(SeenRouting, TellsThatAnotherModelAnswered) {
  route("a").fallbacks.any = {"other"};
  route("b", "other");
  start_logging();
  a().always = Act::error(402);
  const Reply reply = ask(chat());
  EXPECT_EQ(reply.field("x-penstock-target"), "b/m");
  EXPECT_EQ(reply.field("x-penstock-fallback"), "yes");
  std::vector<json> all = lines(3);
  EXPECT_EQ(all[2]["fallback"], true);
  EXPECT_EQ(all[2]["target"], "b/m");
  EXPECT_EQ(all[2]["model"], "smart");
  EXPECT_EQ(sample("penstock_fallbacks_total{model=\"smart\"}"), 1);
  EXPECT_EQ(sample("penstock_fallbacks_total{model=\"other\"}"), 0);
}

TEST_F(SeenRouting, TellsThatAModelWithoutARouteAnswered) {
  route("b").fallbacks.any = {"a/m"};
  start_logging();
  b().always = Act::error(402);
  const Reply reply = ask(chat());
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("x-penstock-target"), "a/m");
  EXPECT_EQ(reply.field("x-penstock-fallback"), "yes");
  EXPECT_EQ(reply.field("x-penstock-attempts"), "2");
  std::vector<json> all = lines(3);
  EXPECT_EQ(all[0]["target"], "b/m");
  EXPECT_EQ(all[0]["class"], "quota");
  EXPECT_EQ(all[1]["attempt"], 2);
  EXPECT_EQ(all[1]["target"], "a/m");
  EXPECT_EQ(all[1]["class"], "ok");
  EXPECT_EQ(all[1]["status"], 200);
  EXPECT_EQ(all[2]["target"], "a/m");
  EXPECT_EQ(all[2]["fallback"], true);
  EXPECT_EQ(attempts("a", "ok"), 1);
  EXPECT_EQ(attempts("b", "quota"), 1);
}

TEST_F(SeenRouting, TellsWhyAModelWithoutARouteFailed) {
  route("b").fallbacks.any = {"a/m"};
  start_logging();
  b().always = Act::error(402);
  a().next = {Act::error(429, "insufficient_quota"),
              Act::begin_stream().event(kRole).event(kHello).reset(), Act::silence()};
  EXPECT_EQ(ask(chat()).status, 429);
  EXPECT_EQ(attempts("a", "quota"), 1);
  EXPECT_EQ(lines(3)[1]["status"], 429);
  ask(stream());
  EXPECT_EQ(attempts("a", "broken_stream"), 1);
  begin(chat()).leave();
  pass(milliseconds(1));
  EXPECT_EQ(attempts("a", "gone"), 1);
  kill(0);
  EXPECT_EQ(ask(chat()).status, 502);
  EXPECT_EQ(attempts("a", "unsent"), 1);
  EXPECT_EQ(attempts("a", "ok"), 0);
}

TEST_F(SeenRouting, CountsAttemptsByWhatCameOfThem) {
  route();
  start();
  a().next.push_back(Act::error(401));
  ask(chat());
  EXPECT_EQ(attempts("a", "credential"), 1);
  EXPECT_EQ(attempts("b", "ok"), 1);
  EXPECT_EQ(attempts("c", "ok"), -1) << "no target";
}

TEST_F(SeenRouting, CountsWhatCameOfHedges) {
  config::ModelRoute& smart = route();
  smart.rules.hedge = {.delay = milliseconds(100), .is_on = true, .max_percent = 100};
  start_logging();
  a().next.push_back(Act::silence());
  Client& won = begin(stream());
  pass(milliseconds(200));
  EXPECT_EQ(won.reply().field("x-penstock-target"), "b/m");
  EXPECT_EQ(sample("penstock_hedges_total{result=\"won\"}"), 1);
  EXPECT_EQ(attempts("a", "hedge_lost"), 1);
  EXPECT_EQ(attempts("b", "ok"), 1);
  EXPECT_EQ(lines(3)[0]["class"], "hedge_lost");

  a().next.push_back(
      Act()
          .wait(milliseconds(150))
          .then("HTTP/1.1 200 S\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"));
  b().next.push_back(Act::silence());
  Client& lost = begin(chat());
  pass(milliseconds(200));
  EXPECT_EQ(lost.reply().field("x-penstock-target"), "a/m");
  EXPECT_EQ(sample("penstock_hedges_total{result=\"lost\"}"), 1);
  EXPECT_EQ(attempts("b", "hedge_lost"), 1);
}

// Case 48. Messages state the prompt's tokens where their stream begins.
TEST_F(SeenRouting, AccountsForWhatALoserHadStated) {
  config::ModelRoute& smart = route();
  smart.rules.hedge = {.delay = milliseconds(100), .is_on = true, .max_percent = 100};
  start_logging();
  Act begun = Act::begin_stream();
  begun.event(R"({"type":"message_start","message":{"id":"msg_1","type":"message","role":)"
              R"("assistant","content":[],"model":"m","usage":{"input_tokens":20,)"
              R"("cache_read_input_tokens":5,"output_tokens":1}}})");
  begun.stall();
  a().next.push_back(begun);
  Act winner = Act::begin_stream();
  winner.event(R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta",)"
               R"("text":"x"}})");
  winner.stall();
  b().next.push_back(winner);
  Client& client = begin(post("/v1/messages", chat_body("smart", true, R"(,"max_tokens":9)")));
  pass(milliseconds(200));
  EXPECT_EQ(client.reply().field("x-penstock-target"), "b/m");
  client.leave();
  pass(milliseconds(10));
  std::vector<json> all = lines(3);
  EXPECT_EQ(all[0]["class"], "hedge_lost");
  EXPECT_EQ(all[0]["prompt_tokens"], 25);
  EXPECT_EQ(all[0]["completion_tokens"], 1);
  EXPECT_FALSE(all[1].contains("prompt_tokens"));
  EXPECT_EQ(sample("penstock_tokens_total{provider=\"a\",kind=\"prompt\"}"), 25);
  EXPECT_EQ(sample("penstock_token_details_total{provider=\"a\",kind=\"cached\"}"), 5);
}

TEST_F(SeenRouting, ShowsWhatEachTargetDoesInTheMetrics) {
  route();
  start();
  a().next.push_back(Act::error(429, "", "retry-after: 8\r\n"));
  b().next.push_back(Act::silence());
  begin(chat());
  pass(seconds(3));
  EXPECT_EQ(of_target("state", "a", ",family=\"chat\""), 1);
  EXPECT_EQ(of_target("state", "a", ",family=\"embeddings\""), 1);
  EXPECT_NEAR(of_target("cooldown_seconds", "a"), 5, 0.01);
  EXPECT_EQ(of_target("in_flight", "a"), 0);
  EXPECT_EQ(of_target("in_flight", "b"), 1);
  EXPECT_EQ(of_target("state", "b", ",family=\"chat\""), 0);
  pass(seconds(6));
  EXPECT_EQ(of_target("state", "a", ",family=\"chat\""), 0);
  EXPECT_EQ(of_target("cooldown_seconds", "a"), 0);
}

TEST_F(SeenRouting, ShowsBreakersByFamilyInTheMetrics) {
  config::ModelRoute& smart = route();
  smart.rules.breaker.failures = 1;
  smart.rules.breaker.open_for = seconds(10);
  start();
  a().next.push_back(Act::error(500));
  ask(chat());
  EXPECT_EQ(of_target("state", "a", ",family=\"chat\""), 2);
  EXPECT_EQ(of_target("state", "a", ",family=\"embeddings\""), 0);
  pass(seconds(30));
  EXPECT_EQ(of_target("state", "a", ",family=\"chat\""), 3);
}

TEST_F(SeenRouting, ShowsTheTargetsOfAProviderBesideItsHealth) {
  config::ModelRoute& smart = route();
  smart.targets[0].weight = 3;
  smart.targets[0].max_concurrency = 8;
  smart.rules.breaker.failures = 1;
  smart.rules.breaker.open_for = seconds(60);
  start();
  a().next.push_back(Act::error(503, "", "retry-after: 8\r\n"));
  ask(chat());
  pass(seconds(2));

  json a_shown = get("/v1/providers/a");
  EXPECT_EQ(a_shown["health"]["status"], "OK");
  ASSERT_EQ(a_shown["targets"].size(), 1u);
  json target = a_shown["targets"][0];
  EXPECT_EQ(target["model"], "m");
  EXPECT_EQ(target["in_flight"], 0);
  EXPECT_NEAR(target["cooldown_seconds"].get<double>(), 6, 0.01);
  EXPECT_EQ(target["breakers"]["chat"]["state"], "open");
  EXPECT_GT(target["breakers"]["chat"]["seconds"].get<double>(), 20);
  EXPECT_EQ(target["breakers"]["embeddings"], json({{"state", "closed"}}));
  EXPECT_EQ(target["last_failure"]["class"], "overloaded");
  EXPECT_NEAR(target["last_failure"]["seconds_ago"].get<double>(), 2, 0.01);
  EXPECT_EQ(target["routes"], json::parse(R"([{"model":"smart","weight":3,"priority":0,
                                               "max_concurrency":8}])"));

  json all = get("/v1/providers");
  EXPECT_EQ(all["data"][0]["targets"][0]["model"], "m");
  EXPECT_FALSE(all["data"][1]["targets"][0].contains("last_failure"));
  EXPECT_FALSE(all["data"][2].contains("targets")) << "c is no target";
}

TEST(TargetOutcomes, AreDocumented) {
  std::ifstream file(PENSTOCK_SOURCE_DIR "/docs/metrics.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  for (const std::string& name : outcome_names()) {
    EXPECT_THAT(text, HasSubstr("`" + name + "`"));
  }
  for (const routing::Family family : routing::kFamilies) {
    EXPECT_THAT(text, HasSubstr("`" + std::string(routing::name_of(family)) + "`"));
  }
}

}  // namespace
}  // namespace penstock::gateway
