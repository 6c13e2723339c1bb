// reported-failures group 2: an operator's credential leaves by no way and in no spelling.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "integration/json_answer.h"
#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kKey = "sk-proj-abc/def+ghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kHeaderKey = "hdr-0a1b2c3d4e5f6071";
constexpr std::string_view kPassword = "basic-Passw0rd!";
constexpr std::string_view kQueryKey = "qry_77777ABCDEFxyz";
constexpr std::string_view kClientKey = "client-key-9876543210-zyx";
// "u:" and the password, by coreutils' base64.
constexpr std::string_view kBasic = "dTpiYXNpYy1QYXNzdzByZCE=";

std::string per_byte(std::string_view key, std::string_view format) {
  std::string out;
  for (const char c : key) out += fmt::format(fmt::runtime(format), static_cast<unsigned>(c));
  return out;
}

std::string with_escaped_slashes(std::string_view key) {
  std::string out;
  for (const char c : key) out += c == '/' ? "\\/" : std::string(1, c);
  return out;
}

// Each in the form for the inside of a JSON string.
std::vector<std::string> spellings() {
  return {std::string(kKey),
          with_escaped_slashes(kKey),
          per_byte(kKey, "\\u{:04x}"),
          per_byte(kKey, "\\u{:04X}"),
          per_byte(kKey, "\\\\u{:04x}"),
          per_byte(kKey, "%{:02X}"),
          per_byte(kKey, "%{:02x}"),
          per_byte(kKey, "&#{};"),
          std::string(kKey.substr(0, 12)) + "...",
          "..." + std::string(kKey.substr(kKey.size() - 20)),
          "..." + std::string(kKey.substr(12, 14)) + "...",
          std::string(kHeaderKey),
          std::string(kPassword),
          std::string(kBasic),
          std::string(kQueryKey),
          std::string(kClientKey)};
}

class OperatorsSecrets : public GatewayTest {
 protected:
  OperatorsSecrets() {
    config::Provider& provider = settings.providers[0];
    provider.api_key = Secret(std::string(kKey));
    provider.headers = {{"X-Api-Key", Secret(std::string(kHeaderKey))},
                        {"X-Upstream-Auth", Secret("Basic " + std::string(kBasic))},
                        {"anthropic-version", Secret("2023-06-01")}};
    provider.query.push_back({"key", Secret(std::string(kQueryKey))});
    timeouts().first_event = std::chrono::minutes(1);
    settings.server.api_keys = {{"alice", Secret(std::string(kClientKey))}};
  }

  WholeAnswer ask(Answer kind) {
    return connect().ask(post(kChatPath, chat_body("passthrough/m1", kind), authorization()));
  }
  WholeAnswer fetch(std::string_view target) { return connect().ask(get(target, authorization())); }

  static HeaderList authorization() {
    return {{"Authorization", "Bearer " + std::string(kClientKey)}};
  }
  // No part of a secret that is longer than a hint.
  static void expect_masked(const WholeAnswer& answer, std::string_view spelled) {
    const std::string all = answer.head.text + answer.body;
    EXPECT_THAT(all, Not(HasSubstr(spelled))) << all;
    EXPECT_THAT(all, HasSubstr("********")) << all;
    for (const std::string_view key :
         {kKey, kHeaderKey, kPassword, kBasic, kQueryKey, kClientKey}) {
      for (std::size_t at = 0; at + 9 <= key.size(); ++at) {
        EXPECT_THAT(all, Not(HasSubstr(key.substr(at, 9)))) << all;
      }
    }
  }
};

// Answers that contain `said` in a JSON string, each in a different way.
struct WayOut {
  std::string_view name;
  Answer kind = Answer::kWhole;
  std::function<std::string(const std::string& said)> answer;
  // The upstream's error event is the last thing, and the connection is cut after it.
  bool is_whole = true;
};

constexpr std::string_view kFirstError = "AnErrorThatAStreamBeginsWith";

std::string error_json(const std::string& said) {
  return R"({"error":{"message":"Incorrect API key provided: )" + said +
         R"(. Look.","type":"invalid_request_error","code":"invalid_api_key"}})";
}

std::string chunked_answer(std::string_view head, const std::string& body) {
  return fmt::format("HTTP/1.1 200 OK\r\n{}Transfer-Encoding: chunked\r\n\r\n{}{}", head,
                     chunk(body), kLastChunk);
}

std::vector<WayOut> ways_out() {
  const HeaderList text = {{"Content-Type", "text/plain"}};
  return {
      {"AJsonError", Answer::kWhole,
       [](const auto& said) { return json_answer(404, error_json(said)); }},
      {"AnErrorOfTheOperatorsKey", Answer::kWhole,
       [](const auto& said) { return json_answer(401, error_json(said)); }},
      {"ATextError", Answer::kWhole,
       [](const auto& said) {
         return fmt::format(
             "HTTP/1.1 500 X\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{}",
             said.size() + 1, said + "\n");
       }},
      {"AWholeAnswer", Answer::kWhole,
       [](const auto& said) { return json_answer(200, R"({"model":"m1","x":")" + said + "\"}"); }},
      {"AnAnswerOfAnotherType", Answer::kWhole,
       [](const auto& said) {
         return fmt::format(
             "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n<{}>",
             said.size() + 2, said);
       }},
      {"AnAnswerOfAnotherTypeInChunks", Answer::kWhole,
       [](const auto& said) { return chunked_answer("Content-Type: text/plain\r\n", said + "!"); }},
      {"AnErrorEvent", Answer::kStream,
       [](const auto& said) {
         return stream_head() + chunk(event(chat_delta("one")) + event(error_json(said))) +
                std::string(kLastChunk);
       },
       false},
      {kFirstError, Answer::kStream,
       [](const auto& said) {
         return stream_head() + chunk(event(error_json(said))) + std::string(kLastChunk);
       }},
      {"AnEvent", Answer::kStream,
       [](const auto& said) {
         return stream_head() +
                chunk(event(R"({"model":"m1","x":")" + said + "\"}") + chat_events()) +
                std::string(kLastChunk);
       }},
      {"AComment", Answer::kStream,
       [](const auto& said) {
         return stream_head() + chunk(": " + said + "\n\n" + chat_events()) +
                std::string(kLastChunk);
       }},
  };
}

// reported-failures 2.1, 2.2
TEST_F(OperatorsSecrets, LeaveByNoWayInNoSpelling) {
  limits().answer_buffer_bytes = 64 * 1024;
  for (const WayOut& way : ways_out()) {
    for (const std::string& said : spellings()) {
      SCOPED_TRACE(fmt::format("{}: {}", way.name, said));
      upstream.answer_next(Script().send(way.answer(said)));
      const WholeAnswer answer = ask(way.kind);
      EXPECT_EQ(answer.complete, way.is_whole);
      expect_masked(answer, said);
    }
  }
}

TEST_F(OperatorsSecrets, LeaveNowhereThatAnAnswerIsCut) {
  limits().answer_buffer_bytes = 1;
  limits().event_bytes = 16;
  const std::string said = with_escaped_slashes(kKey);
  for (const WayOut& way : ways_out()) {
    const std::string answer = way.answer(said);
    const std::size_t key = answer.find(said);
    for (std::size_t cut = key; cut <= key + said.size(); cut += 3) {
      SCOPED_TRACE(fmt::format("{} at {}", way.name, cut));
      auto latch = std::make_shared<Latch>();
      upstream.answer_next(
          Script().send(answer.substr(0, cut)).pause(latch).send(answer.substr(cut)));
      RawClient client = connect();
      ASSERT_TRUE(
          client.send(post(kChatPath, chat_body("passthrough/m1", way.kind), authorization())));
      upstream.wait_for_request();
      latch->release();
      const WholeAnswer told = client.read_answer();
      // Where such a small part of an event is held, it depends on the cut whether its error
      // becomes the answer.
      if (way.name != kFirstError) {
        EXPECT_EQ(told.complete, way.is_whole);
      }
      expect_masked(told, said);
    }
  }
}

TEST_F(OperatorsSecrets, LeaveInNoHeaderField) {
  const std::string body = R"({"model":"m1"})";
  for (const int status : {200, 404, 429}) {
    upstream.answer_next(
        Script().send(json_answer(status, body,
                                  {{"x-request-id", std::string(kKey).substr(0, 11)},
                                   {"Location", "/v1?key=" + per_byte(kKey, "%{:02X}")},
                                   {"openai-organization", "org " + std::string(kKey)},
                                   {"X-Echo", "Basic " + std::string(kBasic)},
                                   {std::string(kQueryKey), "1"},
                                   {"Retry-After", "7"}})));
    const WholeAnswer answer = ask(Answer::kWhole);
    EXPECT_EQ(answer.status(), status);
    expect_masked(answer, kKey);
    EXPECT_EQ(answer.head.find("retry-after"), "7");
    EXPECT_TRUE(answer.head.find("x-request-id")->starts_with("req_"));
  }
}

TEST_F(OperatorsSecrets, LeaveInNoListOfModels) {
  upstream.answer_models(Script().send(json_answer(
      200,
      fmt::format(R"({{"data":[{{"id":"m1","custom_metadata":{{"auth":"Bearer {}","n":1}}}}]}})",
                  with_escaped_slashes(kKey)))));
  ASSERT_TRUE(
      eventually([&] { return fetch("/v1/models").body.find("Bearer") != std::string::npos; }));
  expect_masked(fetch("/v1/models"), kKey);
  expect_masked(fetch("/v1/models/passthrough%2Fm1"), kKey);
  EXPECT_THAT(fetch("/v1/providers").body, Not(HasSubstr(kKey.substr(0, 9))));
}

TEST_F(OperatorsSecrets, LeaveInNoErrorOfTheGateways) {
  expect_masked(fetch("/v1/" + std::string(kClientKey)), kClientKey);
  expect_masked(fetch("/v1/models/" + std::string(kKey)), kKey);
  const std::string body = fmt::format(R"({{"model":"{}","messages":[]}})", kHeaderKey);
  expect_masked(connect().ask(post(kChatPath, body, authorization())), kHeaderKey);
}

// faults-measured #17
TEST_F(OperatorsSecrets, AreNotLogged) {
  upstream.answer_next(Script().send(
      json_answer(200, R"({"model":"m1"})", {{"x-request-id", std::string(kQueryKey)}})));
  ask(Answer::kWhole);
  fetch("/v1/" + per_byte(kClientKey, "%{:02x}"));
  HeaderList headers = authorization();
  headers.emplace_back("x-request-id", kHeaderKey);
  const std::string body =
      fmt::format(R"({{"model":"{}","messages":[]}})", with_escaped_slashes(kKey));
  connect().ask(post(kChatPath, body, headers));
  std::string lines;
  for (const std::string& line : service().access_log(3)) {
    EXPECT_TRUE(Json::accept(line)) << line;
    lines += line;
  }
  for (const std::string_view key : {kKey, kHeaderKey, kQueryKey, kClientKey}) {
    EXPECT_THAT(lines, Not(HasSubstr(key.substr(0, 9))));
  }
  EXPECT_THAT(lines, Not(HasSubstr(per_byte(kClientKey, "%{:02x}").substr(0, 27))));
  EXPECT_THAT(lines, HasSubstr("********"));
}

TEST_F(OperatorsSecrets, AreNotTheKeyOfACaller) {
  constexpr std::string_view kCallers = "sk-callers-own-0123456789";
  config::Provider& provider = settings.providers[0];
  provider.api_key = Secret();
  provider.headers.clear();
  const std::string body = error_json(std::string(kCallers));
  upstream.answer_next(Script().send(json_answer(401, body)));
  HeaderList headers = authorization();
  headers.emplace_back("X-OGX-Provider-Data",
                       fmt::format(R"({{"passthrough_api_key":"{}"}})", kCallers));
  provider.query.clear();
  EXPECT_EQ(connect().ask(post(kChatPath, chat_body(), headers)).body, body);
}

TEST_F(OperatorsSecrets, AreNotWhatOnlyLooksLikeOne) {
  const std::string text =
      R"({"model":"passthrough/m1","t":"2023-06-01 sk-proj-****6789 sk-proj-… C:\\new\/ 100%25"})";
  upstream.answer_next(Script().send(json_answer(200, text)));
  EXPECT_EQ(ask(Answer::kWhole).body, text);
}

// reported-failures 6.9
TEST_F(OperatorsSecrets, ARefusalOfTheOperatorsSaysSo) {
  for (const int status : {401, 403}) {
    upstream.answer_next(Script().send(json_answer(status, error_json("sk-proj-****6789"))));
    const WholeAnswer answer = ask(Answer::kWhole);
    expect_error(answer, status, "upstream_authentication");
    EXPECT_EQ(Json::parse(answer.body)["error"]["type"], "upstream_error");
    EXPECT_THAT(message_of(answer), HasSubstr("operator has configured"));
    EXPECT_THAT(message_of(answer), HasSubstr("Incorrect API key provided: sk-proj-****6789"));
  }
  upstream.answer_next(Script().send(json_answer(
      400,
      R"({"error":{"code":400,"message":"API key not valid. Please pass a valid API key."}})")));
  expect_error(ask(Answer::kWhole), 400, "upstream_authentication");
  upstream.answer_next(Script().send(json_answer(
      400,
      R"({"code":"Client specified an invalid argument","error":"Incorrect API key provided."})")));
  expect_error(ask(Answer::kWhole), 400, "upstream_authentication");
  const std::string wrong = R"({"error":{"message":"Invalid API key parameter 'x' in tools"}})";
  upstream.answer_next(Script().send(json_answer(400, wrong)));
  EXPECT_EQ(ask(Answer::kWhole).body, wrong);
  const std::string moderated = R"({"error":{"message":"flagged","metadata":{"reasons":["x"]}}})";
  upstream.answer_next(Script().send(json_answer(403, moderated)));
  EXPECT_EQ(ask(Answer::kWhole).body, moderated);
  const WholeAnswer own =
      connect().ask(post(kChatPath, chat_body(), {{"Authorization", "Bearer not-a-key"}}));
  expect_error(own, 401, "invalid_api_key");
}

TEST_F(GatewayTest, FieldsThatConfigurationSetsAreSentOnce) {
  config::Provider& provider = settings.providers[0];
  provider.headers = {{"ACCEPT", Secret("application/x-own")},
                      {"content-type", Secret("application/x-own")},
                      {"X-Request-ID", Secret("own")}};
  provider.forward_headers = {{"agent", "user-agent"}};
  const HeaderList headers = {{"Accept", "a/b"}, {"X-OGX-Provider-Data", R"({"agent":"callers"})"}};
  connect().ask(post(kChatPath, chat_body(), headers));
  const SeenRequest seen = upstream.wait_for_request();
  for (const auto& [name, value] : HeaderList{{"accept", "application/x-own"},
                                              {"content-type", "application/x-own"},
                                              {"x-request-id", "own"},
                                              {"user-agent", "callers"}}) {
    EXPECT_EQ(seen.head.count(name), 1u) << name;
    EXPECT_EQ(seen.head.find(name), value);
  }
}

}  // namespace
}  // namespace penstock::testing
