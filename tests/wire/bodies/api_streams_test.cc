// Streams of each API, as its documentation has them: what passes, what is replaced, and how they
// end. Numbers are those of the acceptance cases in wide-api, section 14.

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "wire/apis/api.h"
#include "wire/apis/usage.h"
#include "wire/bodies/sse_rewriter.h"
#include "wire/replaced.h"

namespace penstock::wire {
namespace {

constexpr std::size_t kHeldMax = 1 << 20;

struct StreamOutcome {
  std::string out;
  bool whole = false;
  bool over = false;
  bool error = false;
  bool broke_off = false;
  std::uint64_t progress = 0;
  std::uint64_t next_sequence = 0;
  std::optional<Usage> usage;

  friend bool operator==(const StreamOutcome&, const StreamOutcome&) = default;
};

class Feed {
 public:
  explicit Feed(Api api, std::size_t held_bytes_max = kHeldMax, DoneEvent done = DoneEvent::kPass)
      : rewriter_("p/n", traits_of(api).events, done, held_bytes_max) {}

  void feed(std::string_view piece) {
    rewriter_.feed(piece, unsent_);
    outcome_.out.append(unsent_, 0, unsent_.size() - rewriter_.held());
    unsent_.erase(0, unsent_.size() - rewriter_.held());
  }
  StreamOutcome finish() {
    rewriter_.finish(unsent_);
    outcome_.out += unsent_;
    const StreamEnd& end = rewriter_.end();
    outcome_.whole = end.says_that_it_is_whole() && !end.saw_error();
    outcome_.over = end.is_over();
    outcome_.error = end.saw_error();
    outcome_.broke_off = rewriter_.broke_off();
    outcome_.progress = end.progress();
    outcome_.next_sequence = end.next_sequence();
    outcome_.usage = read_usage(rewriter_.usage());
    return outcome_;
  }
  const SseRewriter& rewriter() const { return rewriter_; }

 private:
  SseRewriter rewriter_;
  std::string unsent_;
  StreamOutcome outcome_;
};

// Whole, cut once at every byte, and byte by byte: all must agree.
StreamOutcome pass_stream(Api api, std::string_view stream) {
  Feed at_once(api);
  at_once.feed(stream);
  const StreamOutcome whole = at_once.finish();
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    Feed in_two(api);
    in_two.feed(stream.substr(0, cut));
    in_two.feed(stream.substr(cut));
    EXPECT_TRUE(whole == in_two.finish()) << "cut at " << cut;
  }
  Feed bytewise(api);
  for (const char& c : stream) bytewise.feed({&c, 1});
  EXPECT_TRUE(whole == bytewise.finish());
  return whole;
}

std::string named_event(std::string_view name, std::string_view data) {
  return "event: " + std::string(name) + "\ndata: " + std::string(data) + "\n\n";
}

// An event whose name is its type.
std::string event(std::string_view type, std::string_view members = {}) {
  std::string data = R"({"type":")" + std::string(type) + '"';
  if (!members.empty()) data.append(",").append(members);
  return named_event(type, data + "}");
}

// --- Responses ---

std::string response_event(std::string_view type, int number, std::string_view usage = "null") {
  return event(type, R"("sequence_number":)" + std::to_string(number) +
                         R"(,"response":{"id":"resp_1","object":"response","status":"x",)"
                         R"("instructions":"say \"model\":\"m\"","metadata":{"model":"m"},)"
                         R"("model":"m","output":[{"type":"message","content":[{"type":)"
                         R"("output_text","text":"{\"model\":\"m\"}","model":"m"}]}],"usage":)" +
                         std::string(usage) + "}");
}

constexpr std::string_view kResponsesUsage =
    R"({"input_tokens":37,"input_tokens_details":{"cached_tokens":5},"output_tokens":11,)"
    R"("output_tokens_details":{"reasoning_tokens":3},"total_tokens":48})";

const std::vector<std::string_view>& response_deltas() {
  static const std::vector<std::string_view> types = {
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.annotation.added",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.refusal.delta",
      "response.refusal.done",
      "response.function_call_arguments.delta",
      "response.function_call_arguments.done",
      "response.custom_tool_call_input.delta",
      "response.reasoning_text.delta",
      "response.reasoning_summary_part.added",
      "response.reasoning_summary_text.delta",
      "response.file_search_call.searching",
      "response.web_search_call.completed",
      "response.code_interpreter_call_code.delta",
      "response.image_generation_call.partial_image",
      "response.mcp_call_arguments.delta",
      "response.mcp_list_tools.failed",
      "response.shell_call_command.delta",
      "response.shell_call_output_content.delta",
      "response.audio.delta",
      "codex.rate_limits",
      "response.of_tomorrow"};
  return types;
}

std::string response_stream(std::string_view last) {
  std::string stream = response_event("response.created", 0) +
                       response_event("response.queued", 1) +
                       response_event("response.in_progress", 2);
  int number = 3;
  for (const std::string_view type : response_deltas()) {
    stream +=
        event(type, R"("sequence_number":)" + std::to_string(number++) +
                        R"(,"item_id":"msg_1","delta":"\"model\":\"m\"","item":{"model":"m"},)"
                        R"("part":{"text":"\"response\":{\"model\":\"m\"}"})");
  }
  return stream + response_event(last, number, kResponsesUsage);
}

// What may be replaced, and nothing else.
std::string with_model_replaced(const std::string& stream) {
  return replaced(stream, R"(},"model":"m","output")", R"(},"model":"p/n","output")");
}

TEST(ResponsesStream, PassesEveryEventAndReplacesTheModelOfTheResponse) {  // cases 2 and 3
  const std::string stream = response_stream("response.completed");
  const StreamOutcome outcome = pass_stream(Api::kResponses, stream);
  EXPECT_EQ(outcome.out, with_model_replaced(stream));
  EXPECT_TRUE(outcome.whole && outcome.over);
  EXPECT_EQ(outcome.next_sequence, 30U);
  ASSERT_TRUE(outcome.usage);
  EXPECT_EQ(*outcome.usage, (Usage{.prompt_tokens = 37,
                                   .completion_tokens = 11,
                                   .total_tokens = 48,
                                   .cached_tokens = 5,
                                   .reasoning_tokens = 3}));
}

// Case 30 of the keys and limits.
TEST(ResponsesStream, HasTheServiceTierThatItsLastResponseStates) {
  const auto event = [](std::string_view type, std::string_view tier) {
    return "event: response." + std::string(type) + R"(
data: {"type":"response.)" +
           std::string(type) + R"(","response":{"model":"m","service_tier":")" + std::string(tier) +
           R"(","usage":{"input_tokens":1,"output_tokens":1}}}

)";
  };
  const StreamOutcome outcome =
      pass_stream(Api::kResponses, event("created", "auto") + event("completed", "priority"));
  EXPECT_EQ(outcome.usage->service_tier, ServiceTier::kPriority);
}

TEST(ResponsesStream, IsWholeHoweverTheResponseEnded) {
  for (const std::string_view last :
       {"response.completed", "response.incomplete", "response.failed"}) {
    const StreamOutcome outcome = pass_stream(Api::kResponses, response_event(last, 0));
    EXPECT_TRUE(outcome.whole && outcome.over) << last;
  }
}

TEST(ResponsesStream, PassesAMarkThatSomeServicesAdd) {  // case 2
  const std::string stream =
      response_event("response.completed", 0) + "data: [DONE]\n\n" + ": bye\n\n";
  const StreamOutcome outcome = pass_stream(Api::kResponses, stream);
  EXPECT_EQ(outcome.out, with_model_replaced(stream));
  EXPECT_TRUE(outcome.whole);
}

TEST(ResponsesStream, IsNotWholeByAMarkAlone) {
  const StreamOutcome outcome =
      pass_stream(Api::kResponses, response_event("response.created", 0) + "data: [DONE]\n\n");
  EXPECT_FALSE(outcome.whole);
  EXPECT_FALSE(outcome.over);
}

TEST(ResponsesStream, EndsByTheNameOfAnEventWithoutAType) {
  EXPECT_TRUE(
      pass_stream(Api::kResponses, named_event("response.completed", R"({"id":"r"})")).whole);
  EXPECT_TRUE(pass_stream(Api::kResponses, R"(data: {"type":"response.completed","response":{}})"
                                           "\n\n")
                  .whole);
  EXPECT_FALSE(
      pass_stream(Api::kResponses, named_event("response.completed", R"({"id":"r)")).whole);
  EXPECT_FALSE(pass_stream(Api::kResponses, "event: response.completed\n\n").whole);
}

TEST(ResponsesStream, IsCutWhereNoLastEventCame) {  // case 6
  const std::string begin = response_event("response.created", 0);
  const std::string last = response_event("response.completed", 1);
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{40}, last.size() - 3}) {
    Feed feed(Api::kResponses);
    feed.feed(begin + last.substr(0, bytes));
    const StreamOutcome outcome = feed.finish();
    EXPECT_FALSE(outcome.whole || outcome.over) << bytes;
  }
}

// What an event says counts once it has proved to be one complete object.
TEST(ResponsesStream, TakesNoNumberFromABrokenEvent) {
  const std::string stream = event("response.in_progress", R"("sequence_number":3)") +
                             "data: {\"sequence_number\":9,\"x\":\n\n" + event("response.queued");
  EXPECT_EQ(pass_stream(Api::kResponses, stream).next_sequence, 4U);
  EXPECT_EQ(pass_stream(Api::kResponses, "data: {\"sequence_number\":9,\"x\":\n\n").next_sequence,
            0U);
}

TEST(ResponsesStream, PassesAnErrorAfterTheResponseHasFailed) {  // case 5
  const std::string error =
      event("error", R"("code":"server_error","message":"x","param":null,"sequence_number":1)");
  const std::string stream = response_event("response.failed", 0);
  EXPECT_TRUE(pass_stream(Api::kResponses, stream).whole);
  const StreamOutcome outcome = pass_stream(Api::kResponses, stream + error);
  EXPECT_EQ(outcome.out, with_model_replaced(stream) + error);
  EXPECT_TRUE(outcome.error);
  EXPECT_FALSE(outcome.whole);
}

TEST(ResponsesStream, IsOverAfterAnError) {  // case 12
  for (const std::string& error :
       {event("error", R"("code":null,"message":"x")"), named_event("error", R"({"message":"x"})"),
        std::string("data: {\"type\":\"error\"}\n\n"),
        std::string("data: {\"error\":{\"message\":\"x\"}}\n\n")}) {
    const StreamOutcome outcome =
        pass_stream(Api::kResponses, response_event("response.created", 0) + error);
    EXPECT_TRUE(outcome.error && outcome.over && !outcome.whole) << error;
  }
  EXPECT_FALSE(pass_stream(Api::kResponses, response_event("response.created", 0)).over);
}

// Case 4: the event is sent as it arrives, and the model is near its start.
TEST(ResponsesStream, PassesALastEventOfAnySize) {
  const std::string text(8 << 20, 'x');
  const auto completed = [&](std::string_view model) {
    return event("response.completed", R"("response":{"id":"r","model":")" + std::string(model) +
                                           R"(","output":[{"text":")" + text +
                                           R"(\"model\":\"m\""}],"usage":{"input_tokens":1,)"
                                           R"("output_tokens":2,"total_tokens":3}},)"
                                           R"("sequence_number":7)");
  };
  const std::string stream = completed("m");
  Feed feed(Api::kResponses, 64 * 1024);
  for (std::size_t at = 0; at < stream.size(); at += 16 * 1024) {
    feed.feed(std::string_view(stream).substr(at, 16 * 1024));
    EXPECT_LE(feed.rewriter().held(), 64U * 1024);
  }
  EXPECT_EQ(feed.rewriter().passed_in_part(), 1U);
  const StreamOutcome outcome = feed.finish();
  EXPECT_TRUE(outcome.out == completed("p/n"));
  EXPECT_TRUE(outcome.whole);
  EXPECT_EQ(outcome.usage->total_tokens, 3U);
  EXPECT_EQ(outcome.next_sequence, 8U);
}

TEST(ResponsesStream, ReplacesTheModelHoweverItIsSpelled) {
  const auto data = [](std::string_view json) { return "data: " + std::string(json) + "\n\n"; };
  const auto out_of = [&](std::string_view json) {
    return pass_stream(Api::kResponses, data(json)).out;
  };
  EXPECT_EQ(out_of(R"({ "response" : { "mod\u0065l" : "m" } })"),
            data(R"({ "response" : { "mod\u0065l" : "p/n" } })"));
  EXPECT_EQ(out_of(R"({"resp\u006Fnse":{"model":"a","model":"b","x":[{}]}})"),
            data(R"({"resp\u006Fnse":{"model":"p/n","model":"p/n","x":[{}]}})"));
  for (const std::string_view untouched :
       {R"({"response":{"model":null,"models":"m","x":"model"}})",
        R"({"response":{"model":{"model":"m"},"a":["model","m"]}})",
        R"({"response":[{"model":"m"}]})", R"({"response":[[{"model":"m"}]]})",
        R"({"response":"model","x":{"model":"m"}})", R"({"x":{"response":{"model":"m"}}})",
        R"({"response":{"usage":"model","x":{"model":"m"}}})",
        R"({"response":{"usage":{"model":"m"}}})"}) {
    EXPECT_EQ(out_of(untouched), data(untouched));
  }
}

// --- Messages ---

std::string message_start(std::string_view usage) {
  return event("message_start",
               R"("message":{"id":"msg_1","type":"message","role":"assistant","model":"m",)"
               R"("content":[],"stop_reason":null,"usage":)" +
                   std::string(usage) + "}");
}

// Case 10: ping, thinking, signature, citations, and a tool's input.
std::string message_stream() {
  const auto delta = [](std::string_view json) {
    return event("content_block_delta", R"("index":0,"delta":)" + std::string(json));
  };
  return message_start(R"({"input_tokens":25,"cache_read_input_tokens":7,"output_tokens":1})") +
         event("ping") +
         event("content_block_start", R"("index":0,"content_block":{"type":"text"})") +
         delta(R"({"type":"thinking_delta","thinking":"\"model\":\"m\""})") +
         delta(R"({"type":"signature_delta","signature":"EqQBCgIYAhIM"})") +
         delta(R"({"type":"citations_delta","citation":{"type":"char_location","model":"m"}})") +
         delta(R"({"type":"input_json_delta","partial_json":"{\"model\":\"m\"}"})") +
         delta(R"({"type":"text_delta","text":"\"message\":{\"model\":\"m\"}"})") +
         event("content_block_stop", R"("index":0)") +
         event("message_delta", R"("delta":{"stop_reason":"end_turn","stop_sequence":null},)"
                                R"("usage":{"output_tokens":15,"input_tokens":null})") +
         event("message_stop");
}

TEST(MessagesStream, PassesEveryEventAndReplacesTheModelOfTheMessage) {
  const std::string stream = message_stream();
  const StreamOutcome outcome = pass_stream(Api::kMessages, stream);
  EXPECT_EQ(outcome.out,
            replaced(stream, R"("assistant","model":"m")", R"("assistant","model":"p/n")"));
  EXPECT_TRUE(outcome.whole && outcome.over);
  ASSERT_TRUE(outcome.usage);
  // Of the two, the last that is not null of each; nothing is added.
  EXPECT_EQ(
      *outcome.usage,
      (Usage{
          .prompt_tokens = 32, .completion_tokens = 15, .total_tokens = 47, .cached_tokens = 7}));
}

TEST(MessagesStream, IsCutWithoutAMessageStop) {
  std::string stream = message_stream();
  stream.resize(stream.find("event: message_stop"));
  EXPECT_FALSE(pass_stream(Api::kMessages, stream).whole);
  EXPECT_FALSE(pass_stream(Api::kMessages, stream + "data: [DONE]\n\n").whole);
}

TEST(MessagesStream, TakesAnErrorForItsEnd) {  // case 12
  const std::string error =
      event("error", R"("error":{"type":"overloaded_error","message":"Overloaded"})");
  const StreamOutcome outcome = pass_stream(Api::kMessages, message_start("{}") + error);
  EXPECT_TRUE(outcome.error && outcome.over && !outcome.whole);
}

TEST(MessagesStream, TakesNoPingForProgress) {
  EXPECT_EQ(pass_stream(Api::kMessages, event("ping") + event("ping")).progress, 0U);
  EXPECT_GT(pass_stream(Api::kMessages, event("content_block_stop")).progress, 0U);
  EXPECT_GT(pass_stream(Api::kMessages, "data: {\"type\":\"message_start\"}\n\n").progress, 0U);
}

// So that it can have a status of its own.
TEST(MessagesStream, TellsOfAnErrorThatOnlyPingsPrecede) {
  const std::string error = event("error", R"("error":{"type":"overloaded_error"})");
  SseRewriter rewriter("n", kMessageEvents, DoneEvent::kPass, kHeldMax);
  std::string out;
  rewriter.feed(event("ping") + error, out);
  EXPECT_EQ(rewriter.first_error(out), error);
  SseRewriter begun("n", kMessageEvents, DoneEvent::kPass, kHeldMax);
  out.clear();
  begun.feed(message_start("{}") + error, out);
  EXPECT_EQ(begun.first_error(out), "");
}

// --- Images and audio ---

TEST(ImagesStream, IsWholeWithAnImageButMayGoOn) {  // case 18
  const std::string partial =
      event("image_generation.partial_image", R"("partial_image_index":0,"b64_json":"iVBO")");
  const std::string completed =
      event("image_generation.completed",
            R"("b64_json":"iVBO","usage":{"input_tokens":9,"output_tokens":20,"total_tokens":29})");
  EXPECT_FALSE(pass_stream(Api::kImages, partial).whole);
  const StreamOutcome outcome = pass_stream(Api::kImages, partial + completed);
  EXPECT_EQ(outcome.out, partial + completed);
  EXPECT_TRUE(outcome.whole);
  EXPECT_FALSE(outcome.over);  // another image may follow
  EXPECT_EQ(outcome.usage->total_tokens, 29U);
  EXPECT_TRUE(
      pass_stream(Api::kImages, named_event("image_edit.completed", R"({"b64_json":"x"})")).whole);
}

TEST(AudioStream, EndsWithItsLastEvent) {
  const std::string delta = event("speech.audio.delta", R"("audio":"SUQz")");
  EXPECT_FALSE(pass_stream(Api::kAudio, delta).whole);
  for (const std::string_view last : {"speech.audio.done", "transcript.text.done"}) {
    const StreamOutcome outcome =
        pass_stream(Api::kAudio, delta + event(last, R"("usage":{"input_tokens":4})"));
    EXPECT_TRUE(outcome.whole && outcome.over) << last;
    EXPECT_EQ(outcome.usage->prompt_tokens, 4U);
  }
  EXPECT_TRUE(pass_stream(Api::kAudio, delta + "data: [DONE]\n\n").whole);
}

// --- APIs whose streams are not known ---

TEST(OtherStream, SeesAnErrorInEachShape) {
  for (const std::string_view data :
       {R"({"error":{"message":"x"}})", R"({"error":"x"})", R"({"object":"error","message":"x"})",
        R"({"type":"error"})"}) {
    EXPECT_TRUE(pass_stream(Api::kOther, "data: " + std::string(data) + "\n\n").error) << data;
  }
  EXPECT_TRUE(pass_stream(Api::kOther, named_event("error", R"({"message":"x"})")).error);
  EXPECT_FALSE(pass_stream(Api::kOther, "data: {\"object\":\"list\"}\n\n").error);
}

TEST(OtherStream, NeedNotSayThatItIsWhole) {
  const std::string stream = "event: job.progress\ndata: {\"model\":\"m\"}\n\ndata: text\n\n";
  const StreamOutcome outcome = pass_stream(Api::kOther, stream);
  EXPECT_EQ(outcome.out, replaced(stream, "\"m\"", "\"p/n\""));
  EXPECT_FALSE(traits_of(Api::kOther).events.states_its_end);
  EXPECT_EQ(outcome.progress, 2U);
  EXPECT_TRUE(pass_stream(Api::kOther, stream + event("error")).error);
}

}  // namespace
}  // namespace penstock::wire
