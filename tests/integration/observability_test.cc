// What the server reports about its work: metrics with bounded labels, one line of the access log
// for each request, and neither contains a key or a body.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/version.h"
#include "integration/json_answer.h"
#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::MatchesRegex;

std::string with_usage(std::string_view model) {
  return fmt::format(R"({{"id":"x","object":"chat.completion","model":"{}","choices":[],)"
                     R"("usage":{{"prompt_tokens":11,"completion_tokens":5,"total_tokens":16}}}})",
                     model);
}

class MetricsPage : public GatewayTest {
 protected:
  std::string page() { return connect().ask(get("/metrics")).body; }
  // The samples, without their values.
  std::set<std::string> series() {
    std::set<std::string> found;
    std::istringstream text(page());
    for (std::string line; std::getline(text, line);) {
      if (!line.starts_with('#')) found.insert(line.substr(0, line.rfind(' ')));
    }
    return found;
  }
  double requests(std::string_view route, std::string_view provider, std::string_view model,
                  std::string_view status) {
    return service().metric(
        fmt::format(R"(penstock_requests_total{{route="{}",provider="{}",model="{}",)"
                    R"(status_class="{}"}})",
                    route, provider, model, status));
  }
};

TEST_F(MetricsPage, CountsRequestsByRouteProviderModelAndStatus) {
  RawClient client = connect();
  client.ask(chat(Answer::kWhole));
  client.ask(chat(Answer::kWhole));
  upstream.answer_next(Script().send(json_answer(429, "{}")));
  client.ask(chat(Answer::kWhole));
  client.ask(chat(Answer::kWhole, "passthrough/unlisted"));
  client.ask(chat(Answer::kWhole, "nobody/nothing"));
  client.ask(get("/v1/openai/v1/models"));
  client.ask(get("/v1/models/passthrough/m1"));
  client.ask(get("/v1/nothing"));
  EXPECT_EQ(requests(kChatPath, "passthrough", "passthrough/m1", "2xx"), 2);
  EXPECT_EQ(requests(kChatPath, "passthrough", "passthrough/m1", "4xx"), 1);
  EXPECT_EQ(requests(kChatPath, "passthrough", "other", "2xx"), 1);
  EXPECT_EQ(requests(kChatPath, "none", "other", "4xx"), 1);
  EXPECT_EQ(requests("/v1/models", "none", "none", "2xx"), 1);
  EXPECT_EQ(requests("/v1/models/{model_id}", "none", "none", "2xx"), 1);
  EXPECT_EQ(requests("unknown", "none", "none", "4xx"), 1);
}

TEST_F(MetricsPage, CountsConnectionsDurationsAndTokens) {
  upstream.answer_always(Script().send(json_answer(200, with_usage("m1"))));
  RawClient client = connect();
  for (int i = 0; i < 3; ++i) client.ask(chat(Answer::kWhole));
  const auto of_provider = [&](std::string_view name) {
    return service().metric(fmt::format(R"({}{{provider="passthrough"}})", name));
  };
  EXPECT_EQ(of_provider("penstock_upstream_connections_opened_total") +
                of_provider("penstock_upstream_connections_reused_total"),
            3);
  EXPECT_GE(of_provider("penstock_upstream_connections_reused_total"), 2);
  EXPECT_EQ(of_provider("penstock_models_registered"), 1);
  EXPECT_EQ(service().metric(R"(penstock_tokens_total{provider="passthrough",kind="prompt"})"), 33);
  EXPECT_EQ(service().metric(R"(penstock_tokens_total{provider="passthrough",kind="completion"})"),
            15);
  constexpr std::string_view kLabels = R"({route="/v1/chat/completions",provider="passthrough"})";
  for (const char* family :
       {"penstock_request_duration_seconds_count", "penstock_time_to_first_byte_seconds_count"}) {
    EXPECT_EQ(service().metric(std::string(family) + std::string(kLabels)), 3) << family;
  }
}

TEST_F(MetricsPage, CountsTheModelsOfAProviderWhereverTheyComeFrom) {
  settings.models = {{.id = "alias", .provider_id = "passthrough", .provider_model_id = "m1"}};
  const auto models = [&] {
    return service().metric(R"(penstock_models_registered{provider="passthrough"})");
  };
  EXPECT_EQ(models(), 2);
  json_of(connect().ask(post("/v1/models", R"({"model_id":"m2"})")));
  EXPECT_EQ(models(), 3);
  connect().ask("DELETE /v1/models/passthrough/m2 HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_EQ(models(), 2);
}

TEST_F(MetricsPage, CountsWhatIsOpen) {
  upstream.answer_next(Script().send(stream_head()).send(chunk(event(chat_delta("a")))).stall());
  RawClient client = connect();
  ASSERT_TRUE(client.send(chat(Answer::kStream)));
  EXPECT_EQ(client.read_head().status, 200);
  EXPECT_TRUE(client.read_event().has_value());
  EXPECT_EQ(service().metric("penstock_open_streams"), 1);
  EXPECT_EQ(service().metric("penstock_open_requests"), 2);  // the stream, and the one that asks
  EXPECT_EQ(service().metric("penstock_open_connections"), 2);
  client.close();
  EXPECT_TRUE(eventually([&] { return service().metric("penstock_open_streams") == 0; }));
  EXPECT_EQ(service().metric(R"(penstock_streams_ended_total{ending="client_gone"})"), 1);
}

TEST_F(MetricsPage, CountsFailuresOfTheUpstream) {
  settings.providers.front().retry_stale_connection = false;
  upstream.answer_next(Script().reset());
  expect_error(connect().ask(chat(Answer::kWhole)), 502, "upstream_reset");
  EXPECT_EQ(service().metric(
                R"(penstock_upstream_errors_total{provider="passthrough",kind="upstream_reset"})"),
            1);
  EXPECT_EQ(requests(kChatPath, "passthrough", "passthrough/m1", "5xx"), 1);
}

TEST_F(MetricsPage, TellsVersionAndHealth) {
  const std::set<std::string> found = series();
  EXPECT_TRUE(found.contains(fmt::format(R"(penstock_build_info{{version="{}"}})", kVersion)));
  EXPECT_TRUE(found.contains("process_open_fds"));
  EXPECT_EQ(service().metric(R"(penstock_provider_up{provider="passthrough"})"), 1);
}

TEST_F(MetricsPage, DoesNotGrowWithJunk) {
  RawClient client = connect();
  const auto send_junk = [&](int i) {
    client.ask(chat(Answer::kWhole, fmt::format("passthrough/junk-{}", i)));
    client.ask(chat(Answer::kWhole, fmt::format("junk-{}/x", i)));
    client.ask(get(fmt::format("/v1/junk-{}", i)));
    client.ask(get(fmt::format("/v1/models/junk-{}", i)));
    client.ask(get(fmt::format("/v1/providers/junk-{}", i)));
  };
  send_junk(0);
  const std::set<std::string> before = series();
  for (int i = 1; i <= 1000; ++i) send_junk(i);
  const std::set<std::string> after = series();
  // The scrape itself is a request whose series appears with the second one.
  std::vector<std::string> grown;
  std::ranges::set_difference(after, before, std::back_inserter(grown));
  std::erase_if(grown, [](const std::string& name) {
    return name.find(R"(route="/metrics")") != std::string::npos;
  });
  EXPECT_THAT(grown, ElementsAre());
  EXPECT_EQ(page().find("junk"), std::string::npos);
  EXPECT_EQ(requests(kChatPath, "passthrough", "other", "2xx"), 1001);
}

// --- The access log ---

class AccessLog : public GatewayTest {
 protected:
  Json line_of(std::string_view request) {
    connect().ask(request);
    const std::vector<std::string> lines = service().access_log(1);
    EXPECT_EQ(lines.size(), 1u);
    return Json::parse(lines.front());
  }
};

TEST_F(AccessLog, TellsWhatTheClientCallsItself) {
  const std::string agent = "OpenAI/Python 2.1.0";
  EXPECT_EQ(line_of(get("/healthz", {{"User-Agent", agent}}))["user_agent"], agent);
}

TEST_F(AccessLog, TellsTheBeginningOfAnEndlessNameOfAClient) {
  const Json line = line_of(get("/healthz", {{"User-Agent", std::string(5'000, 'a')}}));
  EXPECT_EQ(line["user_agent"], std::string(128, 'a'));
}

TEST_F(AccessLog, TellsAllOfAWholeExchange) {
  upstream.answer_next(Script().send(json_answer(200, with_usage("m1"))));
  const Json line = line_of(post("/v1/chat/completions?secret=canary", chat_body()));
  EXPECT_THAT(line["time"].get<std::string>(),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z"));
  EXPECT_THAT(line["request_id"].get<std::string>(), MatchesRegex("req_[0-9a-f]+"));
  EXPECT_EQ(line["principal"], "anonymous");
  EXPECT_EQ(line["peer"], "127.0.0.1");
  EXPECT_EQ(line["method"], "POST");
  EXPECT_EQ(line["route"], kChatPath);
  EXPECT_EQ(line["path"], kChatPath);
  EXPECT_EQ(line["model"], "passthrough/m1");
  EXPECT_EQ(line["provider"], "passthrough");
  EXPECT_EQ(line["upstream_model"], "m1");
  EXPECT_EQ(line["status"], 200);
  EXPECT_EQ(line["upstream_status"], 200);
  EXPECT_EQ(line["ending"], "completed");
  EXPECT_FALSE(line.contains("error"));
  EXPECT_EQ(line["stream"], false);
  EXPECT_EQ(line["attempts"], 1);
  EXPECT_EQ(line["bytes_in"], chat_body().size());
  EXPECT_EQ(line["bytes_out"], with_usage("passthrough/m1").size());
  EXPECT_EQ(line["prompt_tokens"], 11);
  EXPECT_EQ(line["completion_tokens"], 5);
  EXPECT_EQ(line["total_tokens"], 16);
  for (const char* time : {"duration_ms", "first_byte_ms", "connect_ms"}) {
    EXPECT_TRUE(line[time].is_number()) << time;
    EXPECT_GE(line[time].get<double>(), 0) << time;
  }
  EXPECT_GE(line["duration_ms"].get<double>(), line["first_byte_ms"].get<double>());
}

TEST_F(AccessLog, TellsTheUsageOfAStream) {
  const std::string usage =
      event(R"({"id":"x","object":"chat.completion.chunk","choices":[],"model":"m1",)"
            R"("usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}})");
  const std::string events =
      event(chat_delta("a")) + event(chat_finish()) + usage + std::string(kDone);
  upstream.answer_next(Script().send(stream_head()).send(chunk(events)).send(kLastChunk));
  const Json line = line_of(chat(Answer::kStream));
  EXPECT_EQ(line["stream"], true);
  EXPECT_EQ(line["ending"], "completed");
  EXPECT_EQ(line["prompt_tokens"], 7);
  EXPECT_EQ(line["completion_tokens"], 2);
  EXPECT_EQ(line["total_tokens"], 9);
}

TEST_F(AccessLog, TellsHowARefusalCame) {
  const Json line = line_of(chat(Answer::kWhole, "nobody/m"));
  EXPECT_EQ(line["status"], 404);
  EXPECT_EQ(line["error"], "model_not_found");
  EXPECT_EQ(line["ending"], "refused");
  EXPECT_EQ(line["model"], "nobody/m");
  EXPECT_FALSE(line.contains("upstream_status"));
  EXPECT_FALSE(line.contains("provider"));
}

TEST_F(AccessLog, TellsHowTheUpstreamFailed) {
  upstream.answer_next(Script().send(stream_head()).send(chunk(event(chat_delta("a")))).close());
  const Json line = line_of(chat(Answer::kStream));
  EXPECT_EQ(line["status"], 200);
  EXPECT_EQ(line["upstream_status"], 200);
  EXPECT_EQ(line["error"], "upstream_reset");
  EXPECT_EQ(line["ending"], "upstream_reset");
}

TEST_F(AccessLog, TellsAnUpstreamsErrorAsAnAnswerThatWasSent) {
  upstream.answer_next(Script().send(json_answer(429, "{}")));
  const Json line = line_of(chat(Answer::kWhole));
  EXPECT_EQ(line["status"], 429);
  EXPECT_EQ(line["upstream_status"], 429);
  EXPECT_EQ(line["ending"], "completed");
}

TEST_F(AccessLog, HasOneLineForEachRequestWhateverIsInThem) {
  RawClient client = connect();
  client.ask(chat(Answer::kWhole, R"(a\nb\u0000\"}\u2028{\"x\":1)"));
  client.ask(get("/v1/a%0Ab"));
  client.ask(get("/v1/health"));
  const std::vector<std::string> lines = service().access_log(3);
  ASSERT_EQ(lines.size(), 3u);
  for (const std::string& line : lines) EXPECT_TRUE(Json::accept(line)) << line;
  EXPECT_EQ(Json::parse(lines[1])["path"], "/v1/a%0Ab");
  EXPECT_EQ(Json::parse(lines[2])["route"], "/v1/health");
}

TEST_F(AccessLog, CutsWhatIsLong) {
  const Json line = line_of(chat(Answer::kWhole, "passthrough/" + std::string(1000, 'x')));
  EXPECT_LE(line["model"].get<std::string>().size(), 256u + 3u);
}

// --- Secrets ---

class Secrets : public GatewayTest {
 protected:
  Secrets() {
    settings.server.api_keys = {{"alice", Secret("canary-of-client")}};
    settings.providers[0].api_key = Secret("canary-of-operator");
    settings.providers[0].headers = {{"X-Api-Key", Secret("canary-of-header")}};
    settings.providers[0].forward_headers = {{"tenant", "X-Tenant"}};
  }

  HeaderList headers(std::string_view key = "canary-of-client") {
    return {{"Authorization", "Bearer " + std::string(key)},
            {"X-OGX-Provider-Data",
             R"({"passthrough_api_key":"canary-of-caller","tenant":"canary-of-tenant"})"},
            {"Cookie", "a=canary-of-cookie"}};
  }
  std::string body(std::string_view model = "passthrough/m1") {
    return fmt::format(R"({{"model":"{}","messages":[{{"role":"user","content":)"
                       R"("canary-of-prompt"}}]}})",
                       model);
  }
  void expect_silence(std::string_view where, std::string_view text) {
    EXPECT_EQ(text.find("canary"), std::string::npos) << where << ": " << text;
  }
};

TEST_F(Secrets, AreNeitherInErrorsNorInTheLogNorInMetrics) {
  const std::string echo = R"({"error":{"message":"Incorrect API key: canary-of-operator"}})";
  std::vector<WholeAnswer> answers;
  const auto ask = [&](const std::string& request) { answers.push_back(connect().ask(request)); };
  ask(post(kChatPath, body(), headers("canary-wrong")));
  ask(post(kChatPath, body("nobody/m1"), headers()));
  ask(post("/v1/nothing?key=canary-of-query", body(), headers()));
  ask(post(kChatPath, body() + "canary-of-rubbish", headers()));
  ask(post("/v1/models", R"({"canary-of-key":"canary-of-value"})", headers()));
  ask(get("/v1/chat/completions?key=canary-of-query", headers()));
  upstream.answer_next(Script().send(json_answer(401, echo)));
  ask(post(kChatPath, body(), headers()));
  upstream.answer_next(Script().reset());
  ask(post(kChatPath, body(), headers()));
  upstream.answer_next(Script().send("HTTP/1.1 canary-of-rubbish\r\n\r\n"));
  ask(post(kChatPath, body(), headers()));
  ask(get("/v1/providers", headers()));
  for (const WholeAnswer& answer : answers) {
    expect_silence("answer", answer.head.text + answer.body);
  }
  // A success, whose body is the upstream's.
  upstream.answer_next(
      Script().send(json_answer(200, R"({"model":"m1","choices":"canary-of-answer"})")));
  EXPECT_EQ(connect().ask(post(kChatPath, body(), headers())).status(), 200);
  for (const std::string& line : service().access_log(answers.size() + 1)) {
    expect_silence("log", line);
  }
  expect_silence("metrics", connect().ask(get("/metrics")).body);
}

TEST_F(Secrets, AreSentWhereTheyBelong) {
  EXPECT_EQ(connect().ask(post(kChatPath, body(), headers())).status(), 200);
  const SeenRequest seen = upstream.wait_for_request();
  EXPECT_EQ(seen.head.find("authorization"), "Bearer canary-of-operator");
  EXPECT_EQ(seen.head.find("x-api-key"), "canary-of-header");
  EXPECT_EQ(seen.head.find("x-tenant"), "canary-of-tenant");
  EXPECT_EQ(seen.head.text.find("canary-of-client"), std::string::npos);
  EXPECT_EQ(seen.head.text.find("canary-of-caller"), std::string::npos);
  EXPECT_EQ(seen.head.text.find("canary-of-cookie"), std::string::npos);
}

}  // namespace
}  // namespace penstock::testing
