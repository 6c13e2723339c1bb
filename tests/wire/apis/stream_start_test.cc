#include "wire/apis/stream_start.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "wire/recordings.h"
#include "wire/sse/whole_event.h"

namespace penstock::wire {
namespace {

using enum EventKind;

std::string_view text_of(EventKind kind) {
  return kind == kStartUp ? "start-up" : kind == kContent ? "content" : "error";
}

struct Judged {
  EventKind kind;
  std::string_view data;
};

// Events without a name.
void expect_kinds(Api api, const std::vector<Judged>& all) {
  for (const auto& [kind, data] : all) {
    const std::string event = "data: " + std::string(data) + "\n\n";
    EXPECT_EQ(text_of(kind_of_event(api, event)), text_of(kind)) << data;
  }
}

// Events that have their type as their name, too.
void expect_typed_kinds(Api api, const std::vector<Judged>& all) {
  expect_kinds(api, all);
  for (const auto& [kind, data] : all) {
    const std::size_t begin = data.find(":\"") + 2;
    const std::string name(data.substr(begin, data.find('"', begin) - begin));
    const std::string event = "event: " + name + "\r\ndata: " + std::string(data) + "\r\n\r\n";
    EXPECT_EQ(text_of(kind_of_event(api, event)), text_of(kind)) << event;
  }
}

// The chunks as OpenAI, Azure, Bedrock, vLLM, OpenRouter and Ollama send them.
TEST(StreamStart, OfAChatIsWhatSaysNothing) {
  expect_kinds(
      Api::kCompletions,
      {{kStartUp, R"({"choices":[{"delta":{"role":"assistant","content":"","refusal":null},)"
                  R"("logprobs":null,"finish_reason":null,"index":0}],"usage":null,"obfuscation":)"
                  R"("Qgpgg"})"},
       {kStartUp, R"({"choices":[],"prompt_filter_results":[{"prompt_index":0}]})"},
       {kStartUp, R"({"choices":[{"delta":{"content":null,"tool_calls":null,"role":null},)"
                  R"("finish_reason":null,"index":0,"obfuscation":"UnJBN"}]})"},
       {kStartUp, R"({"choices":[{"delta":{},"content_filter_results":{"hate":{"filtered":false}},)"
                  R"("finish_reason":"","index":0}]})"},
       {kStartUp, R"({"choices":[{"delta":{"role":"assistant","tool_calls":[]},"finish_reason":)"
                  R"("None"},{"delta":null}]})"},
       {kStartUp, R"({"choices":[],"usage":{"total_tokens":3}})"},
       {kContent, R"({"choices":[{"delta":{"content":"The"},"index":0}]})"},
       {kContent, R"({"choices":[{"delta":{"role":"assistant","content":"\n"}}]})"},
       {kContent, R"({"choices":[{"delta":{"content":null,"reasoning":"We"}}]})"},
       {kContent, R"({"choices":[{"delta":{"reasoning_content":"We"}}]})"},
       {kContent, R"({"choices":[{"delta":{"tool_calls":[{"index":0,"id":"call_1"}]}}]})"},
       {kContent, R"({"choices":[{"delta":{"refusal":"I"}}]})"},
       {kContent, R"({"choices":[{"delta":{"audio":{"id":"audio_1"}}}]})"},
       {kContent, R"({"choices":[{"delta":{"something_new":1}}]})"},
       {kContent, R"({"choices":[{"delta":{},"finish_reason":"stop","index":0}]})"},
       {kContent, R"({"choices":[{"delta":{}},{"delta":{"content":"x"},"index":1}]})"},
       {kContent, "[DONE]"},
       {kContent, "no JSON"},
       {kContent, R"([{"choices":[]}])"},
       {kContent, R"({"choices":{}})"},
       {kContent, R"({"choices":["x"]})"},
       {kContent, R"({"id":"x"})"}});
}

TEST(StreamStart, OfACompletionIsAnEmptyText) {
  expect_kinds(
      Api::kCompletions,
      {{kStartUp, R"({"choices":[{"text":"","index":0,"logprobs":null,"finish_reason":null}]})"},
       {kContent, R"({"choices":[{"text":" a","index":0,"finish_reason":null}]})"},
       {kContent, R"({"choices":[{"text":"","index":0,"finish_reason":"length"}]})"}});
}

// Cases 31 and 36.
TEST(StreamStart, OfAChatIsAnErrorWhateverItsShape) {
  expect_kinds(Api::kCompletions,
               {{kError, R"({"error":{"code":"rate_limit_exceeded","message":"x"}})"},
                {kError, R"({"error":"boom","choices":[]})"},
                {kError, R"({"object":"error","message":"x","code":429})"},
                {kError, R"({"type":"error","error":{"type":"overloaded_error"}})"},
                {kStartUp, R"({"error":null,"choices":[]})"},
                {kStartUp, R"({"error":{},"choices":[]})"},
                {kStartUp, R"({"error":" ","choices":[]})"}});
  EXPECT_EQ(kind_of_event(Api::kCompletions, "event: error\ndata: {\"message\":\"x\"}\n\n"),
            kError);
  EXPECT_EQ(kind_of_event(Api::kCompletions, "event: error\ndata: boom\n\n"), kError);
}

TEST(StreamStart, IsACommentOrAFieldAlone) {
  for (const Api api : {Api::kCompletions, Api::kResponses, Api::kMessages, Api::kImages}) {
    EXPECT_EQ(kind_of_event(api, ": OPENROUTER PROCESSING\n\n"), kStartUp);
    EXPECT_EQ(kind_of_event(api, "\n"), kStartUp);
    EXPECT_EQ(kind_of_event(api, "retry: 100\n\n"), kStartUp);
    EXPECT_EQ(kind_of_event(api, "event: ping\n\n"), kStartUp);
  }
}

// https://platform.openai.com/docs/api-reference/responses-streaming, cases 33 and 38.
TEST(StreamStart, OfAResponseIsUntilItsFirstDelta) {
  expect_typed_kinds(
      Api::kResponses,
      {{kStartUp, R"({"type":"response.created","response":{"id":"resp_1","output":[],"error":)"
                  R"(null,"tools":[{"type":"x"}]},"sequence_number":0})"},
       {kStartUp, R"({"type":"response.queued","response":{}})"},
       {kStartUp, R"({"type":"response.in_progress","response":{"id":"resp_1"}})"},
       {kStartUp, R"({"type":"response.output_item.added","output_index":0,"item":{"id":"rs_1",)"
                  R"("type":"reasoning","summary":[]}})"},
       {kStartUp, R"({"type":"response.output_item.added","item":{"type":"function_call","name":)"
                  R"("f","arguments":"","call_id":"c"}})"},
       {kStartUp, R"({"type":"response.content_part.added","part":{"type":"output_text","text":)"
                  R"("","annotations":[]}})"},
       {kStartUp, R"({"type":"response.reasoning_summary_part.added","part":{"type":)"
                  R"("summary_text","text":""}})"},
       {kStartUp, R"({"type":"ping"})"},
       {kStartUp, R"({"type":"keepalive","sequence_number":3})"},
       {kContent, R"({"type":"response.output_item.added","item":{"type":"message","content":)"
                  R"([{"text":"x"}]}})"},
       {kContent, R"({"type":"response.content_part.added","part":{"text":"x"}})"},
       {kContent, R"({"type":"response.output_text.delta","delta":"In"})"},
       {kContent, R"({"type":"response.function_call_arguments.delta","delta":"{"})"},
       {kContent, R"({"type":"response.output_item.done","item":{}})"},
       {kContent, R"({"type":"response.completed","response":{"error":null}})"},
       {kContent, R"({"type":"response.incomplete","response":{}})"},
       {kContent, R"({"type":"response.web_search_call.searching"})"},
       {kContent, R"({"type":"something.new"})"},
       {kError, R"({"type":"response.failed","response":{"error":{"code":"server_error"}}})"},
       {kError, R"({"type":"error","code":"rate_limit_exceeded","message":"x"})"}});
  expect_kinds(Api::kResponses, {{kError, R"({"error":{"message":"x"}})"}, {kContent, "[DONE]"}});
  // One without a type goes by its name.
  EXPECT_EQ(kind_of_event(Api::kResponses, "event: response.created\ndata: {}\n\n"), kStartUp);
  EXPECT_EQ(kind_of_event(Api::kResponses, "event: response.failed\ndata: {}\n\n"), kError);
}

// https://docs.anthropic.com/en/docs/build-with-claude/streaming, case 34.
TEST(StreamStart, OfAMessageIsUntilItsFirstDelta) {
  expect_typed_kinds(
      Api::kMessages,
      {{kStartUp, R"({"type":"message_start","message":{"id":"msg_1","content":[],"usage":)"
                  R"({"input_tokens":25,"output_tokens":1}}})"},
       {kStartUp, R"({"type": "ping"})"},
       {kStartUp, R"({"type":"content_block_start","index":0,"content_block":{"type":"text",)"
                  R"("text":""}})"},
       {kStartUp, R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking",)"
                  R"("thinking":"","signature":""}})"},
       {kContent, R"({"type":"message_start","message":{"content":[{"type":"text"}]}})"},
       {kContent, R"({"type":"content_block_start","content_block":{"type":"text","text":"x"}})"},
       {kContent, R"({"type":"content_block_start","index":1,"content_block":{"type":"tool_use",)"
                  R"("id":"toolu_1","name":"f","input":{}}})"},
       {kContent, R"({"type":"content_block_start","content_block":{"type":)"
                  R"("redacted_thinking","data":"E"}})"},
       {kContent, R"({"type":"content_block_start"})"},
       {kContent, R"({"type":"content_block_delta","delta":{"type":"text_delta","text":"H"}})"},
       {kContent, R"({"type":"message_delta","delta":{"stop_reason":"end_turn"}})"},
       {kContent, R"({"type":"something_new"})"},
       {kError, R"({"type":"error","error":{"type":"overloaded_error","message":"x"}})"}});
}

TEST(StreamStart, IsContentInOtherApisUnlessItIsAnError) {
  expect_kinds(Api::kImages, {{kContent, R"({"type":"ping"})"},
                              {kContent, R"({"choices":[]})"},
                              {kError, R"({"error":{"message":"x"}})"}});
  expect_kinds(Api::kOther, {{kContent, "{}"}, {kContent, "x"}});
}

TEST(StreamStart, OfALargeResponseIsReadAsAWhole) {
  std::string tools;
  while (tools.size() < 200'000) tools += R"({"type":"function","name":"f"},)";
  tools.pop_back();
  const std::string event =
      R"(data: {"type":"response.created","response":{"tools":[)" + tools + "]}}\n\n";
  EXPECT_EQ(kind_of_event(Api::kResponses, event), kStartUp);
}

// Whether a recorded chunk says something to a client.
bool says_something(const nlohmann::json& chunk) {
  for (const auto& choice : chunk.at("choices")) {
    if (!choice.value("finish_reason", nlohmann::json()).is_null()) return true;
    if (choice.value("text", nlohmann::json("")) != "") return true;
    const auto delta = choice.value("delta", nlohmann::json::object());
    for (const auto& [key, value] : delta.items()) {
      if (key != "role" && !value.empty() && value != "") return true;
    }
  }
  return false;
}

TEST(StreamStart, OfRecordedStreamsEndsWithTheFirstText) {
  std::size_t held = 0;
  std::size_t begun = 0;
  for (const testing::RecordedStream& recorded : testing::recorded_streams("m")) {
    std::string_view rest = recorded.sent;
    EventSplitter splitter;
    while (const auto end = splitter.next(rest)) {
      const std::string_view event = rest.substr(0, *end);
      rest.remove_prefix(*end);
      const bool begins = says_something(nlohmann::json::parse(read_event(event).data));
      EXPECT_EQ(text_of(kind_of_event(Api::kCompletions, event)), begins ? "content" : "start-up")
          << recorded.id << ": " << event;
      ++(begins ? begun : held);
      if (begins) break;
    }
  }
  EXPECT_GT(begun, 100U);
  EXPECT_GT(held, 20U);
}

}  // namespace
}  // namespace penstock::wire
