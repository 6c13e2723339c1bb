// The APIs beside chat: each passes byte for byte, but for the model's name. Numbers are those of
// the acceptance cases of the design of the wider API (section 14).

#include <array>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/json_answer.h"
#include "support/gateway_test.h"

namespace penstock::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// An event as Responses and Messages have them.
std::string typed(std::string_view type, std::string_view members) {
  return fmt::format("event: {0}\ndata: {{\"type\":\"{0}\"{1}}}\n\n", type, members);
}

std::string response(std::string_view type, int number, std::string_view model) {
  return typed(type, fmt::format(R"(,"sequence_number":{},"response":{{"id":"resp_1",)"
                                 R"("model":"{}","output":[],"usage":null}})",
                                 number, model));
}

std::string response_stream(std::string_view model) {
  return response("response.created", 0, model) + response("response.in_progress", 1, model) +
         typed("response.output_text.delta",
               R"(,"sequence_number":2,"delta":"{\"model\":\"m1\"}","model_like":"m1")") +
         typed("response.something_new", R"(,"sequence_number":3,"item":{"model":"m1"})") +
         response("response.completed", 4, model);
}

std::string message_stream(std::string_view model) {
  return typed("message_start", fmt::format(R"(,"message":{{"id":"msg_1","model":"{}",)"
                                            R"("usage":{{"input_tokens":3,"output_tokens":1}}}})",
                                            model)) +
         typed("ping", "") +
         typed("content_block_start", R"(,"index":0,"content_block":{"type":"thinking"})") +
         typed("content_block_delta",
               R"(,"index":0,"delta":{"type":"signature_delta","signature":"m1"})") +
         typed("content_block_stop", R"(,"index":0)") +
         typed("message_delta",
               R"(,"delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7})") +
         typed("message_stop", "");
}

class Apis : public GatewayTest {
 protected:
  // A whole answer of the upstream to a request.
  WholeAnswer ask(std::string_view text, std::string_view answer, int status = 200) {
    upstream.answer_next(Script().send(json_answer(status, answer)));
    return connect().ask(text);
  }
  // What a client gets of a stream of these bytes.
  RawClient::Rest rest_of(std::string_view text, std::string_view events, std::string_view end) {
    upstream.answer_next(Script().send(stream_head()).send(chunk(events)).send(end).close());
    RawClient client = connect();
    EXPECT_TRUE(client.send(text));
    EXPECT_EQ(client.read_head().status, 200);
    return client.read_rest();
  }
  void add_provider(std::string id) {
    settings.providers.push_back(settings.providers.front());
    settings.providers.back().id = std::move(id);
  }
};

// --- Responses: cases 1, 2, 3, 6, 7, 8, 9 ---

TEST_F(Apis, PassAWholeResponse) {
  const WholeAnswer answer =
      ask(post("/v1/responses", R"({"model":"passthrough/m1","input":"\"model\":\"x\""})"),
          R"({"id":"resp_1","model":"m1","output":[{"text":"\"model\":\"m1\""}]})");
  EXPECT_EQ(answer.body,
            R"({"id":"resp_1","model":"passthrough/m1","output":[{"text":"\"model\":\"m1\""}]})");
  const SeenRequest seen = upstream.wait_for_request();
  EXPECT_EQ(seen.target, "/v1/responses");
  EXPECT_EQ(seen.body, R"({"model":"m1","input":"\"model\":\"x\""})");
}

TEST_F(Apis, PassAStreamedResponseWithTheModelsNameWhereItStands) {
  const RawClient::Rest rest =
      rest_of(post("/v1/responses", R"({"model":"passthrough/m1","stream":true})"),
              response_stream("m1"), kLastChunk);
  EXPECT_EQ(rest.body, response_stream("passthrough/m1"));
  EXPECT_TRUE(rest.complete);
}

TEST_F(Apis, EndABrokenResponseWithItsOwnErrorEvent) {
  const RawClient::Rest rest =
      rest_of(post("/v1/responses", R"({"model":"passthrough/m1","stream":true})"),
              response("response.created", 0, "m1"), kLastChunk);
  EXPECT_FALSE(rest.complete);
  EXPECT_THAT(rest.body, StartsWith(response("response.created", 0, "passthrough/m1") +
                                    "event: error\ndata: {\"type\":\"error\""));
  EXPECT_THAT(rest.body, HasSubstr(R"("sequence_number":1)"));
}

TEST_F(Apis, PassWhatIsAskedAboutAStoredResponse) {
  for (const char* target :
       {"/v1/responses/resp_1?stream=false&starting_after=3", "/v1/responses/resp_1/input_items",
        "/v1/conversations/conv_1/items/msg_1?include[]=x"}) {
    // The name that the client has used when it made the response.
    EXPECT_EQ(ask(get(target), R"({"id":"resp_1","model":"m1"})").body,
              R"({"id":"resp_1","model":"passthrough/m1"})")
        << target;
    const SeenRequest seen = upstream.wait_for_request(upstream.requests().size() - 1);
    EXPECT_EQ(seen.method, "GET");
    EXPECT_EQ(seen.target, target);
    EXPECT_EQ(seen.head.find("content-length"), std::nullopt);
    EXPECT_EQ(seen.head.find("content-type"), std::nullopt);
  }
}

TEST_F(Apis, PassTheResumedStreamOfAResponse) {
  const RawClient::Rest rest = rest_of(get("/v1/responses/resp_1?stream=true&starting_after=1"),
                                       response_stream("m1"), kLastChunk);
  EXPECT_EQ(rest.body, response_stream("passthrough/m1"));
  EXPECT_TRUE(rest.complete);
}

TEST_F(Apis, PassTheNameOfAModelThatNoNameLeadsTo) {
  settings.providers.front().allowed_models = {"m1"};
  EXPECT_EQ(ask(get("/v1/responses/resp_1"), R"({"model":"another","a":1})").body,
            R"({"model":"another","a":1})");
}

TEST_F(Apis, PassWhatChangesAStoredObject) {
  struct Row {
    std::string_view method, target;
  };
  for (const Row& row : {Row{"DELETE", "/v1/responses/resp_1"},
                         {"POST", "/v1/responses/resp_1/cancel"},
                         {"DELETE", "/v1/conversations/conv_1"},
                         {"POST", "/v1/fine_tuning/jobs/ftjob-1/pause"},
                         {"DELETE", "/v1/evals/eval_1"}}) {
    EXPECT_EQ(ask(bare_request(row.method, row.target), R"({"deleted":true})").body,
              R"({"deleted":true})");
    const SeenRequest seen = upstream.wait_for_request(upstream.requests().size() - 1);
    EXPECT_EQ(seen.method, row.method);
    EXPECT_EQ(seen.target, row.target);
  }
}

TEST_F(Apis, PassCompactionAndTheCountOfInputTokens) {
  for (const char* target : {"/v1/responses/compact", "/v1/responses/input_tokens"}) {
    EXPECT_EQ(ask(post(target, R"({"model":"passthrough/m1"})"), R"({"input_tokens":3})").body,
              R"({"input_tokens":3})");
    const SeenRequest seen = upstream.wait_for_request(upstream.requests().size() - 1);
    EXPECT_EQ(seen.target, target);
    EXPECT_EQ(seen.body, R"({"model":"m1"})");
  }
}

// --- Messages: cases 10, 11, 12, 13 ---

TEST_F(Apis, PassAStreamedMessageWithTheModelsNameInItsStart) {
  const RawClient::Rest rest =
      rest_of(post("/v1/messages?beta=true", R"({"model":"passthrough/m1","stream":true})",
                   {{"anthropic-version", "2023-06-01"}, {"anthropic-beta", "a-1,b-2"}}),
              message_stream("m1"), kLastChunk);
  EXPECT_EQ(rest.body, message_stream("passthrough/m1"));
  EXPECT_TRUE(rest.complete);
  const SeenRequest seen = upstream.wait_for_request();
  EXPECT_EQ(seen.target, "/v1/messages?beta=true");
  EXPECT_EQ(seen.head.find("anthropic-beta"), "a-1,b-2");
  EXPECT_EQ(seen.head.find("anthropic-version"), "2023-06-01");
}

TEST_F(Apis, PassAnErrorInTheMiddleOfAMessage) {
  const std::string error =
      typed("error", R"(,"error":{"type":"overloaded_error","message":"Overloaded"})");
  const RawClient::Rest rest =
      rest_of(post("/v1/messages", R"({"model":"passthrough/m1","stream":true})"),
              typed("message_start", R"(,"message":{"model":"m1"})") + error, kLastChunk);
  EXPECT_THAT(rest.body, HasSubstr(error));
  EXPECT_FALSE(rest.complete);
}

TEST_F(Apis, EndABrokenMessageWithItsOwnErrorEvent) {
  const RawClient::Rest rest =
      rest_of(post("/v1/messages", R"({"model":"passthrough/m1","stream":true})"),
              typed("ping", ""), kLastChunk);
  EXPECT_FALSE(rest.complete);
  EXPECT_THAT(
      rest.body,
      HasSubstr("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\""));
}

TEST_F(Apis, CountTokensWithoutMoreThanAModelAndMessages) {
  EXPECT_EQ(ask(post("/v1/messages/count_tokens", R"({"model":"passthrough/m1","messages":[]})"),
                R"({"input_tokens":9})")
                .body,
            R"({"input_tokens":9})");
}

TEST_F(Apis, NameEveryModelOfABatch) {
  EXPECT_EQ(
      ask(post("/v1/messages/batches", R"({"requests":[{"params":{"model":"passthrough/m1"}},)"
                                       R"({"params":{"model":"passthrough/m2"}}]})"),
          R"({"id":"msgbatch_1"})")
          .status(),
      200);
  EXPECT_EQ(upstream.wait_for_request().body,
            R"({"requests":[{"params":{"model":"m1"}},{"params":{"model":"m2"}}]})");
}

// --- Others: cases 14, 15, 16, 18, 19 ---

TEST_F(Apis, PassEmbeddingsInBase64) {
  EXPECT_EQ(ask(post("/v1/embeddings",
                     R"({"model":"passthrough/m1","input":"x","encoding_format":"base64"})"),
                R"({"data":[{"embedding":"AAAA"}],"model":"m1"})")
                .body,
            R"({"data":[{"embedding":"AAAA"}],"model":"passthrough/m1"})");
}

TEST_F(Apis, PassRerankingInItsSpellings) {
  struct Row {
    std::string_view asked, upstreams;
  };
  for (const Row& row : {Row{"/v1/rerank", "/v1/rerank"},
                         {"/v2/rerank", "/v2/rerank"},
                         {"/rerank", "/rerank"},
                         {"/v1alpha/inference/rerank", "/v1alpha/inference/rerank"},
                         {"/v1/openai/v1/rerank", "/v1/rerank"},
                         {"/score", "/score"},
                         {"/tokenize", "/tokenize"}}) {
    EXPECT_EQ(
        ask(post(row.asked, R"({"model":"passthrough/m1"})"), R"({"model":"m1","results":[]})")
            .body,
        R"({"model":"passthrough/m1","results":[]})");
    const SeenRequest seen = upstream.wait_for_request(upstream.requests().size() - 1);
    EXPECT_EQ(seen.target, row.upstreams);
  }
}

TEST_F(Apis, PassModerationsWithoutAModelToTheOnlyProvider) {
  EXPECT_EQ(ask(post("/v1/moderations", R"({"input":"x"})"), R"({"model":"theirs"})").body,
            R"({"model":"theirs"})");
  EXPECT_EQ(upstream.wait_for_request().body, R"({"input":"x"})");
}

TEST_F(Apis, PassStreamsOfImagesAndSpeech) {
  const std::string image = typed("image_generation.partial_image", R"(,"b64_json":"AAAA")") +
                            typed("image_generation.completed", R"(,"b64_json":"BBBB")");
  const std::string speech = typed("speech.audio.delta", R"(,"audio":"AAAA")") +
                             typed("speech.audio.done", R"(,"usage":{"input_tokens":1})");
  EXPECT_EQ(rest_of(post("/v1/images/generations", R"({"model":"passthrough/m1","stream":true})"),
                    image, kLastChunk)
                .body,
            image);
  EXPECT_EQ(rest_of(post("/v1/audio/speech", R"({"model":"passthrough/m1","input":"x"})"), speech,
                    kLastChunk)
                .body,
            speech);
}

TEST_F(Apis, PassSpeechAsItComes) {
  const auto latch = std::make_shared<Latch>();
  upstream.answer_next(Script()
                           .send("HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n"
                                 "Transfer-Encoding: chunked\r\n\r\n" +
                                 chunk("first"))
                           .pause(latch)
                           .send(chunk("second") + std::string(kLastChunk)));
  RawClient client = connect();
  ASSERT_TRUE(client.send(post("/v1/audio/speech", R"({"model":"passthrough/m1","input":"x"})")));
  EXPECT_EQ(client.read_head().find("content-type"), "audio/mpeg");
  EXPECT_EQ(client.read_body(5), "first");
  latch->release();
  EXPECT_EQ(client.read_rest().body, "second");
}

// --- Which provider ---

TEST_F(Apis, WithoutAModelNeedAProviderIfThereAreSeveral) {
  add_provider("other");
  const WholeAnswer answer = connect().ask(get("/v1/responses/resp_1"));
  expect_error(answer, 400, "");
  EXPECT_THAT(message_of(answer), HasSubstr("'passthrough' or 'other'"));
  EXPECT_TRUE(upstream.requests().empty());
  EXPECT_EQ(ask(get("/v1/responses/resp_1", {{"x-penstock-provider", "other"}}), "{}").status(),
            200);
  EXPECT_EQ(ask(get("/p/other/v1/responses/resp_1"), "{}").status(), 200);
  EXPECT_EQ(upstream.wait_for_request(1).target, "/v1/responses/resp_1");
  EXPECT_EQ(upstream.wait_for_request(1).head.find("x-penstock-provider"), std::nullopt);
}

TEST_F(Apis, TakeAModelsNameAtTheProviderThatThePathNames) {
  add_provider("other");
  EXPECT_EQ(ask(post("/p/other/v1/chat/completions", R"({"model":"m1","messages":[]})"),
                chat_answer_body())
                .status(),
            200);
  EXPECT_EQ(upstream.wait_for_request().body, R"({"model":"m1","messages":[]})");
}

TEST_F(Apis, RefuseAProviderThatIsNone) {
  expect_error(connect().ask(get("/v1/responses/r", {{"x-penstock-provider", "zz"}})), 400, "");
  expect_error(connect().ask(get("/p/zz/v1/responses/r")), 404, "not_found");
}

// Case 33.
TEST_F(Apis, PassAnyPathWhereTheOperatorAllowsIt) {
  expect_error(connect().ask(get("/p/passthrough/v1/files")), 404, "not_found");
  EXPECT_TRUE(upstream.requests().empty());
}

TEST_F(Apis, PassAnyPathOnceItIsAllowed) {
  settings.providers.front().any_path = true;
  EXPECT_EQ(ask(get("/p/passthrough/v1/files?limit=2"), R"({"data":[]})").body, R"({"data":[]})");
  EXPECT_EQ(upstream.wait_for_request().target, "/v1/files?limit=2");
  for (const char* path :
       {"/p/passthrough/v1/../x", "/p/passthrough/%2e%2e/x", "/p/passthrough/%252e%252e/x",
        "/p/passthrough/a%2fb", "/p/passthrough/a%255cb", "/p/passthrough/a\\b",
        "/p/passthrough/a;b", "/p/passthrough/a//b", "/p/passthrough/a%25%32%66b",
        "/p/passthrough/./x", "/p/passthrough/v1/responses/..%2f..%2fadmin",
        "/p/passthrough/v1/responses/a%5cb", "/v1/responses/a%2fb", "/v1/responses/a%252fb"}) {
    EXPECT_EQ(connect().ask(get(path)).status(), 400) << path;
  }
  EXPECT_EQ(upstream.requests().size(), 1u);
}

// --- Errors: case 36; sockets: case 37 ---

TEST_F(Apis, SpeakOfErrorsInTheDialectOfTheRoute) {
  settings.server.api_keys.push_back({.name = "k", .key = Secret("sk-penstock-1")});
  settings.server.limits.body_bytes = 1'000;
  const HeaderList key = {{"x-api-key", "sk-penstock-1"}};
  const auto type_of = [](const WholeAnswer& answer) {
    const Json json = Json::parse(answer.body, nullptr, false);
    EXPECT_EQ(json.value("type", ""), "error") << answer.body;
    EXPECT_TRUE(json.contains("request_id")) << answer.body;
    return fmt::format("{} {}", answer.status(), json["error"].value("type", ""));
  };
  const auto message = [&](std::string_view body) { return post("/v1/messages", body, key); };
  EXPECT_EQ(type_of(connect().ask(post("/v1/messages", "{}"))), "401 authentication_error");
  EXPECT_EQ(type_of(connect().ask(message(R"({"model":"x"})"))), "404 not_found_error");
  EXPECT_EQ(type_of(connect().ask(message("{"))), "400 invalid_request_error");
  EXPECT_EQ(type_of(connect().ask(message(std::string(2'000, ' ')))), "413 request_too_large");
  upstream.answer_next(Script().send(json_answer(429, R"({"type":"error","error":{)"
                                                      R"("type":"rate_limit_error"}})")));
  EXPECT_THAT(connect().ask(message(R"({"model":"passthrough/m1"})")).body,
              HasSubstr("rate_limit_error"));
  const WholeAnswer rerank =
      connect().ask(post("/v2/rerank", R"({"model":"x","query":"q","documents":[]})", key));
  EXPECT_EQ(Json::parse(rerank.body).size(), 1u) << rerank.body;
  EXPECT_TRUE(Json::parse(rerank.body).contains("message")) << rerank.body;
}

TEST_F(Apis, RefuseWebSocketsWithA426) {
  settings.server.api_keys.push_back({.name = "k", .key = Secret("sk-penstock-1")});
  const HeaderList upgrade = {{"Connection", "Upgrade"}, {"Upgrade", "websocket"}};
  expect_error(connect().ask(get("/v1/responses", upgrade)), 401, "invalid_api_key");
  HeaderList with_key = upgrade;
  with_key.emplace_back("Authorization", "Bearer sk-penstock-1");
  const WholeAnswer refused = connect().ask(get("/v1/responses", with_key));
  expect_error(refused, 426, "upgrade_required");
  EXPECT_EQ(refused.head.find("connection"), "close");
}

TEST_F(Apis, IgnoreOffersOfOtherProtocols) {
  EXPECT_EQ(connect()
                .ask(post(kChatPath, chat_body(),
                          {{"Connection", "Upgrade, HTTP2-Settings"}, {"Upgrade", "h2c"}}))
                .status(),
            200);
}

TEST_F(Apis, ThatAreNotServedAreNamed) {
  const WholeAnswer answer = connect().ask(get("/v1/files/file-1"));
  expect_error(answer, 404, "not_found");
  EXPECT_THAT(message_of(answer), HasSubstr("the Files API is not served here"));
}

// --- First contact: case 35 ---

TEST_F(Apis, ListModelsInAnthropicsShape) {
  const WholeAnswer answer =
      connect().ask(get("/v1/models?limit=1", {{"anthropic-version", "2023-06-01"}}));
  const Json list = json_of(answer);
  EXPECT_EQ(list["data"][0]["type"], "model");
  EXPECT_EQ(list["has_more"], false);
  EXPECT_EQ(answer.head.find("anthropic-version"), "2023-06-01");
  const std::string id = list["data"][0]["id"];
  const Json one =
      json_of(connect().ask(get("/v1/models/" + id, {{"anthropic-version", "2023-06-01"}})));
  EXPECT_EQ(one, list["data"][0]);
  EXPECT_EQ(connect().ask(get("/v1/models?limit=x", {{"anthropic-version", "1"}})).status(), 400);
}

TEST_F(Apis, TellsPeopleAtTheStartPageWhatToPaste) {
  settings.server.api_keys.push_back({.name = "k", .key = Secret("sk-penstock-1")});
  const auto page = [&](const std::string& accept) {
    return connect().ask(get("/", {{"Accept", accept}}));
  };
  const WholeAnswer browser =
      page("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
  EXPECT_EQ(browser.head.find("content-type"), "text/html; charset=utf-8");
  EXPECT_THAT(std::string(browser.head.find("content-security-policy").value_or("")),
              ::testing::AllOf(HasSubstr("default-src 'none'"), HasSubstr("frame-ancestors 'none'"),
                               Not(HasSubstr("script-src"))));
  EXPECT_EQ(browser.head.find("vary"), "Accept");
  EXPECT_THAT(browser.body, ::testing::AllOf(HasSubstr("/v1</code>"), HasSubstr("/metrics"),
                                             HasSubstr("an API key of this server"),
                                             Not(HasSubstr("<script")), Not(HasSubstr("m1"))));
  const WholeAnswer curl = page("*/*");
  EXPECT_EQ(curl.head.find("content-type"), "text/plain; charset=utf-8");
  EXPECT_THAT(curl.body, ::testing::ContainsRegex("OpenAI clients +http://[^ ]*/v1\n"));
  EXPECT_EQ(json_of(page("application/json"))["name"], "penstock");
}

TEST_F(Apis, AnswerWhoeverLooksForAServer) {
  settings.server.api_keys.push_back({.name = "k", .key = Secret("sk-penstock-1")});
  for (const char* path : {"/", "/api/hello", "/health", "/v1alpha/admin/health"}) {
    EXPECT_EQ(connect().ask(get(path)).status(), 200) << path;
    RawClient client = connect();
    ASSERT_TRUE(client.send(bare_request("HEAD", path)));
    EXPECT_EQ(client.read_head().status, 200) << path;
  }
  EXPECT_EQ(connect().ask(get("/v1alpha/admin/providers")).status(), 401);
}

}  // namespace
}  // namespace penstock::testing
