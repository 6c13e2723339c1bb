// The APIs beside chat, completions and embeddings, as a client sees them. The official clients
// judge the shapes in tests/sdk.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulator_fixture.h"

namespace penstock::sim {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Event {
  std::string type;  // of the `event:` line
  Json data;         // discarded where it is no JSON
};

class ApisTest : public SimulatorFixture {
 protected:
  void SetUp() override { start(); }

  static std::string body(const std::string& members) {
    return R"({"model":"sim-small",)" + members + "}";
  }
  std::string respond(const std::string& members) {
    return post("/v1/responses", body(R"("input":"Hi")" + members));
  }
  std::string message(const std::string& members) {
    return post("/v1/messages",
                body(R"("max_tokens":99,"messages":[{"role":"user","content":"Hi"}])" + members));
  }

  // The events of a stream whose body ends with the connection.
  static std::vector<Event> events_of(const std::string& answer) {
    std::vector<Event> events;
    std::string_view rest = std::string_view(answer).substr(answer.find("\r\n\r\n") + 4);
    while (!rest.empty()) {
      const std::string_view text = rest.substr(0, rest.find("\n\n"));
      rest.remove_prefix(std::min(rest.size(), text.size() + 2));
      Event& event = events.emplace_back();
      std::size_t data = 0;
      if (text.starts_with("event: ")) {
        data = text.find('\n') + 1;
        event.type = text.substr(7, data - 8);
      }
      event.data = Json::parse(text.substr(data + 6), nullptr, false);
    }
    return events;
  }

  static constexpr const char* kStream = R"(,"stream":true,"sim":{"framing":"until_close"})";
};

TEST_F(ApisTest, AStreamedResponseSaysWhatTheWholeOneSays) {
  const std::string asked = R"(,"reasoning":{"effort":"low"})";
  const Json whole = json_of(respond(asked));
  const std::vector<Event> events = events_of(respond(asked + kStream));
  std::string text;
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].data["type"], events[i].type);
    EXPECT_EQ(events[i].data["sequence_number"], i);
    if (events[i].type == "response.output_text.delta") {
      text += events[i].data["delta"].get<std::string>();
    }
  }
  EXPECT_EQ(events.front().type, "response.created");
  EXPECT_EQ(events.back().type, "response.completed");
  EXPECT_EQ(events.back().data["response"], whole);
  EXPECT_EQ(whole["output"][0]["type"], "reasoning");
  EXPECT_EQ(whole["output"][1]["content"][0]["text"], text);
  EXPECT_EQ(whole["usage"]["output_tokens_details"]["reasoning_tokens"], 8);
}

TEST_F(ApisTest, AStreamOfAResponseIsTakenUpAgainAfterAnyEvent) {
  const std::vector<Event> all = events_of(respond(kStream));
  const std::string id = all.front().data["response"]["id"];
  const std::string rest = get("/v1/responses/" + id + "?stream=true&starting_after=5", "");
  EXPECT_THAT(rest, Not(HasSubstr("\"sequence_number\":5,")));
  EXPECT_THAT(rest, HasSubstr("\"sequence_number\":6,"));
  EXPECT_THAT(rest, HasSubstr("event: response.completed\n"));
}

TEST_F(ApisTest, KeepsResponsesUntilTheyAreDeleted) {
  const Json whole = json_of(respond(""));
  const std::string path = "/v1/responses/" + whole["id"].get<std::string>();
  EXPECT_EQ(json_of(get(path)), whole);
  EXPECT_EQ(json_of(get(path + "/input_items"))["data"][0]["content"][0]["text"], "Hi");
  EXPECT_EQ(json_of(send("DELETE", path, ""))["deleted"], true);
  EXPECT_THAT(get(path), StartsWith("HTTP/1.1 404 "));
  const Json unkept = json_of(respond(R"(,"store":false)"));
  EXPECT_THAT(get("/v1/responses/" + unkept["id"].get<std::string>()), StartsWith("HTTP/1.1 404 "));
}

TEST_F(ApisTest, WorksInTheBackgroundAndCanBeCancelled) {
  const Json queued = json_of(respond(R"(,"background":true,"sim":{"first_token_ms":3600000})"));
  EXPECT_EQ(queued["status"], "queued");
  const std::string path = "/v1/responses/" + queued["id"].get<std::string>();
  EXPECT_EQ(json_of(get(path))["status"], "in_progress");
  EXPECT_EQ(json_of(post(path + "/cancel", ""))["status"], "cancelled");
  EXPECT_EQ(json_of(get(path))["status"], "cancelled");
}

TEST_F(ApisTest, EndsAResponseEarlyByItsLimit) {
  const Json whole = json_of(respond(R"(,"max_output_tokens":3)"));
  EXPECT_EQ(whole["status"], "incomplete");
  EXPECT_EQ(whole["incomplete_details"]["reason"], "max_output_tokens");
  EXPECT_EQ(events_of(respond(std::string(R"(,"max_output_tokens":3)") + kStream)).back().type,
            "response.incomplete");
}

TEST_F(ApisTest, EchoesInstructionsSoThatEventsCanBeLarge) {
  const std::string large(100'000, 'x');
  EXPECT_EQ(json_of(respond(R"(,"instructions":")" + large + "\""))["instructions"], large);
}

TEST_F(ApisTest, AConversationCollectsWhatIsSaid) {
  const Json made = json_of(post("/v1/conversations", R"({"metadata":{"a":"b"}})"));
  const std::string path = "/v1/conversations/" + made["id"].get<std::string>();
  respond(R"(,"conversation":")" + made["id"].get<std::string>() + "\"");
  const Json items = json_of(get(path + "/items"))["data"];
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0]["role"], "user");
  EXPECT_EQ(items[1]["role"], "assistant");
  const std::string item = path + "/items/" + items[0]["id"].get<std::string>();
  EXPECT_EQ(json_of(get(item)), items[0]);
  send("DELETE", item, "");
  EXPECT_EQ(json_of(get(path + "/items"))["data"].size(), 1U);
  send("DELETE", path, "");
  EXPECT_THAT(get(path), StartsWith("HTTP/1.1 404 "));
}

TEST_F(ApisTest, AStreamedMessageSaysWhatTheWholeOneSays) {
  const std::string asked = R"(,"thinking":{"type":"enabled","budget_tokens":1024})";
  const Json whole = json_of(message(asked));
  const std::vector<Event> events = events_of(message(asked + kStream));
  std::vector<std::string> texts(2);
  std::string signature;
  for (const Event& event : events) {
    EXPECT_EQ(event.data["type"], event.type);
    if (event.type != "content_block_delta") continue;
    const Json& delta = event.data["delta"];
    texts.at(event.data["index"]) += delta.value("thinking", "") + delta.value("text", "");
    signature += delta.value("signature", "");
  }
  EXPECT_EQ(events.front().type, "message_start");
  EXPECT_EQ(events[1].type, "content_block_start");
  EXPECT_EQ(events[2].type, "ping");
  EXPECT_EQ(events[events.size() - 2].data["usage"], whole["usage"]);
  EXPECT_EQ(events.back().type, "message_stop");
  EXPECT_EQ(whole["content"][0]["thinking"], texts[0]);
  EXPECT_EQ(whole["content"][0]["signature"], signature);
  EXPECT_EQ(whole["content"][1]["text"], texts[1]);
}

TEST_F(ApisTest, CountsTheTokensOfAMessageWithoutALimit) {
  const Json count = json_of(
      post("/v1/messages/count_tokens", body(R"("messages":[{"role":"user","content":"Hi"}])")));
  EXPECT_GT(count["input_tokens"], 0);
  EXPECT_THAT(post("/v1/messages", body(R"("messages":[{"role":"user","content":"Hi"}])")),
              StartsWith("HTTP/1.1 400 "));
}

TEST_F(ApisTest, FailsInTheDialectOfTheRoute) {
  const Json overloaded = json_of(message(R"(,"sim":{"status":529})"));
  EXPECT_EQ(overloaded["type"], "error");
  EXPECT_EQ(overloaded["error"]["type"], "overloaded_error");
  EXPECT_EQ(json_of(post("/v1/messages", R"({"model":"x"})"))["type"], "error");
  EXPECT_EQ(json_of(respond(R"(,"sim":{"status":429})"))["error"]["type"], "rate_limit_error");
  EXPECT_EQ(json_of(post("/v2/rerank", body(R"("sim":{"status":500,"message":"no"})"))),
            Json({{"message", "no"}}));
}

TEST_F(ApisTest, FailsWithinAStreamInTheDialectOfTheRoute) {
  const std::string sim =
      R"(,"stream":true,"sim":{"error_after_tokens":2,"message":"no","framing":"until_close"})";
  const Event response = events_of(respond(sim)).back();
  EXPECT_EQ(response.type, "error");
  EXPECT_EQ(response.data["type"], "error");
  EXPECT_EQ(response.data["message"], "no");
  EXPECT_EQ(response.data["sequence_number"], 6);
  const Event message = events_of(this->message(sim)).back();
  EXPECT_EQ(message.type, "error");
  EXPECT_EQ(message.data["error"]["message"], "no");
}

TEST_F(ApisTest, FailsBeforeTheContentInTheDialectOfTheRoute) {
  const std::string sim =
      R"(,"stream":true,"sim":{"error_after_events":2,"error_status":529,"framing":"until_close"})";
  const std::vector<Event> events = events_of(this->message(sim));
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].type, "message_start");
  EXPECT_EQ(events[2].data["error"]["type"], "overloaded_error");
}

TEST_F(ApisTest, EndsAResponseThatHasFailed) {
  const std::vector<Event> events = events_of(
      respond(R"(,"stream":true,"sim":{"error_after_events":2,"error_status":429,"message":"no",
                                       "error_event":"response.failed","framing":"until_close"})"));
  ASSERT_EQ(events.size(), 3U);
  const Event& last = events.back();
  EXPECT_EQ(last.type, "response.failed");
  EXPECT_EQ(last.data["type"], "response.failed");
  EXPECT_EQ(last.data["sequence_number"], 2);
  EXPECT_EQ(last.data["response"]["id"], events[0].data["response"]["id"]);
  EXPECT_EQ(last.data["response"]["status"], "failed");
  EXPECT_EQ(last.data["response"]["error"],
            Json({{"code", "rate_limit_exceeded"}, {"message", "no"}}));
}

TEST_F(ApisTest, RefusesAnUpgradeAndEndsTheConnection) {
  Client client(*simulator_);
  client.send(
      "GET /v1/responses HTTP/1.1\r\nHost: sim\r\nConnection: Upgrade\r\n"
      "Upgrade: websocket\r\n\r\n");
  const std::string answer = client.receive_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 426 Upgrade Required\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
}

TEST_F(ApisTest, CutsStreamsOfEveryApi) {
  const std::string sim = R"(,"stream":true,"sim":{"cut_after_events":3,"framing":"until_close"})";
  EXPECT_EQ(events_of(respond(sim)).size(), 3U);
  EXPECT_EQ(events_of(message(sim)).size(), 3U);
  const std::string endless =
      R"(,"stream":true,"sim":{"finish":false,"done":false,"framing":"until_close"})";
  EXPECT_EQ(events_of(respond(endless)).back().type, "response.output_item.done");
  EXPECT_EQ(events_of(message(endless)).back().type, "content_block_stop");
}

TEST_F(ApisTest, SendsTheEventsThatARequestPutsInPlaceOfTheAnswer) {
  const std::string answer = respond(R"(,"stream":true,"sim":{"framing":"until_close","events":[
          {"type":"response.failed","data":{"type":"response.failed"}},{"data":"[DONE]"}]})");
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\nevent: response.failed\n"
                                        "data: {\"type\":\"response.failed\"}\n\n"
                                        "data: [DONE]\n\n"));
}

TEST_F(ApisTest, CallsToolsByItsScenario) {
  const std::string sim =
      R"("sim":{"scenario":[{"results":0,"calls":[{"tool":"write","arguments":{"to":"/x"}}]}]})";
  const std::string function = R"("tools":[{"type":"function","name":"write"}],)";
  const Json response = json_of(respond("," + function + sim))["output"][0];
  EXPECT_EQ(response["type"], "function_call");
  EXPECT_EQ(response["arguments"], R"({"to":"/x"})");
  const Json message = json_of(this->message(R"(,"tools":[{"name":"write"}],)" + sim));
  EXPECT_EQ(message["stop_reason"], "tool_use");
  EXPECT_EQ(message["content"][0]["input"]["to"], "/x");
  const Json chat =
      json_of(this->chat(R"(,"tools":[{"type":"function","function":{"name":"write"}}],)" + sim));
  EXPECT_EQ(chat["choices"][0]["finish_reason"], "tool_calls");
  EXPECT_EQ(chat["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"],
            R"({"to":"/x"})");
}

TEST_F(ApisTest, EndsABatchOfMessages) {
  const std::string good = body(R"("max_tokens":9,"messages":[{"role":"user","content":"Hi"}])");
  const Json made = json_of(post(
      "/v1/messages/batches", R"({"requests":[{"custom_id":"a","params":)" + good +
                                  R"(},{"custom_id":"b","params":{"model":"x","messages":[]}}]})"));
  EXPECT_EQ(made["processing_status"], "in_progress");
  const std::string path = "/v1/messages/batches/" + made["id"].get<std::string>();
  const Json ended = json_of(get(path));
  EXPECT_EQ(ended["processing_status"], "ended");
  EXPECT_EQ(ended["request_counts"]["errored"], 1);
  const std::string results = get(ended["results_url"].get<std::string>());
  EXPECT_THAT(results, HasSubstr("Content-Type: application/x-jsonl\r\n"));
  EXPECT_THAT(results, HasSubstr("\n{\"custom_id\":\"b\",\"result\":{\"type\":\"errored\""));
}

TEST_F(ApisTest, RanksTheBestFirstInEachShape) {
  const std::string asked = R"("query":"a","documents":["x","y","z"],"top_n":2)";
  const Json jina = json_of(post("/v1/rerank", body(asked)));
  ASSERT_EQ(jina["results"].size(), 2U);
  EXPECT_GE(jina["results"][0]["relevance_score"], jina["results"][1]["relevance_score"]);
  EXPECT_EQ(jina["model"], "sim-small");
  const Json cohere = json_of(post("/v2/rerank", body(asked)));
  EXPECT_EQ(cohere["results"][0]["index"], jina["results"][0]["index"]);
  EXPECT_EQ(cohere["meta"]["billed_units"]["search_units"], 1);
  const Json ogx = json_of(post("/v1alpha/inference/rerank",
                                body(R"("query":"a","items":["x","y","z"],"max_num_results":1)")));
  EXPECT_EQ(ogx["data"][0]["index"], jina["results"][0]["index"]);
}

TEST_F(ApisTest, TokensAreTurnedBackIntoTheirText) {
  const Json tokens = json_of(post("/tokenize", body(R"("prompt":"Conduite forcée")")));
  EXPECT_EQ(tokens["count"], tokens["tokens"].size());
  EXPECT_EQ(json_of(post("/detokenize", body("\"tokens\":" + tokens["tokens"].dump())))["prompt"],
            "Conduite forcée");
}

TEST_F(ApisTest, ModeratesWithoutAModel) {
  EXPECT_EQ(json_of(post("/v1/moderations",
                         R"({"input":["a kiss","an attack"]})"))["results"][1]["flagged"],
            true);
}

TEST_F(ApisTest, MakesImagesOfTheSizeAskedFor) {
  const Json whole =
      json_of(post("/v1/images/generations", body(R"("prompt":"p","sim":{"media_bytes":30000})")));
  EXPECT_EQ(whole["data"][0]["b64_json"].get<std::string>().size(), 40'000U);
  const std::vector<Event> events = events_of(post(
      "/v1/images/generations",
      body(R"("prompt":"p","partial_images":2,"stream":true,"sim":{"framing":"until_close"})")));
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[1].type, "image_generation.partial_image");
  EXPECT_EQ(events[2].type, "image_generation.completed");
}

TEST_F(ApisTest, SpeaksInPieces) {
  const std::string asked = R"("input":"Hi","sim":{"media_bytes":2048,"framing":"until_close"})";
  const std::string sound = post("/v1/audio/speech", body(asked));
  EXPECT_THAT(sound, HasSubstr("Content-Type: audio/mpeg\r\n"));
  EXPECT_EQ(sound.size() - sound.find("\r\n\r\n") - 4, 2048U);
  const std::vector<Event> events =
      events_of(post("/v1/audio/speech", body(asked + R"(,"stream_format":"sse")")));
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events.back().data["type"], "speech.audio.done");
}

TEST_F(ApisTest, KeepsJobsAndEvals) {
  const Json job = json_of(post("/v1/fine_tuning/jobs", body(R"("training_file":"file-1")")));
  const std::string path = "/v1/fine_tuning/jobs/" + job["id"].get<std::string>();
  EXPECT_EQ(json_of(get(path)), job);
  EXPECT_EQ(json_of(post(path + "/cancel", ""))["status"], "cancelled");
  const Json eval = json_of(post("/v1/evals", R"({"name":"n"})"));
  EXPECT_EQ(json_of(get("/v1/evals"))["data"][0], eval);
}

}  // namespace
}  // namespace penstock::sim
