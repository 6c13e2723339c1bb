#include "wire/apis/stream_end.h"

#include <gtest/gtest.h>

#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "wire/bodies/sse_rewriter.h"

namespace penstock::wire {
namespace {

// What a stream that ends in order has stated.
enum class Said : std::uint8_t { kNothing, kEnded, kError };

struct EndRow {
  std::vector<std::string_view> events;  // the data of each
  Said said;
};

Said said_by(const std::vector<std::string_view>& events, std::size_t piece_bytes) {
  SseRewriter rewriter("n", kCompletionEvents, DoneEvent::kPass, 1 << 20);
  std::string out;
  std::string stream;
  for (std::string_view data : events) stream.append("data: ").append(data).append("\n\n");
  for (std::size_t at = 0; at < stream.size(); at += piece_bytes) {
    rewriter.feed(std::string_view(stream).substr(at, piece_bytes), out);
  }
  rewriter.finish(out);
  const StreamEnd& end = rewriter.end();
  if (end.saw_error()) return Said::kError;
  return end.marked() || end.parts_have_ended() ? Said::kEnded : Said::kNothing;
}

void expect_ends(const std::vector<EndRow>& rows) {
  for (const EndRow& row : rows) {
    for (std::size_t piece_bytes : {1, 2, 3, 7, 64, 100'000}) {
      EXPECT_EQ(said_by(row.events, piece_bytes), row.said)
          << row.events.back() << " in pieces of " << piece_bytes;
    }
  }
}

constexpr std::string_view kDelta = R"({"choices":[{"index":0,"delta":{},"finish_reason":null}]})";
constexpr std::string_view kFinish = R"({"choices":[{"index":0,"finish_reason":"stop"}]})";

// reported-failures 3.1
TEST(StreamEnd, OnlyATextInItsPlaceEndsAChoice) {
  expect_ends({
      {{kFinish}, Said::kEnded},
      {{R"({"choices":[{"finish_reason" : "length","index":0}]})"}, Said::kEnded},
      {{R"({"choices":[{"text":"x","finish_re\u0061son":"stop"}]})"}, Said::kEnded},
      {{R"({"choices":[{"finish_reason":"stop"}],"usage":{}})"}, Said::kEnded},
      {{R"({"choices":[{"finish_reason":null,"finish_reason":"stop"}]})"}, Said::kEnded},
      {{R"({"choices":[{"finish_reason":"stop","finish_reason":null}]})"}, Said::kNothing},
      {{R"({"choices":[{"finish_reason":""}]})"}, Said::kNothing},
      {{R"({"choices":[{"finish_reason":"  "}]})"}, Said::kNothing},
      {{R"({"choices":[{"finish_reason":"null"}]})"}, Said::kNothing},
      {{R"({"choices":[{"finish_reason":"None"}]})"}, Said::kNothing},
      {{R"({"choices":[{"finish_reason":"n\u0075ll"}]})"}, Said::kNothing},
      {{R"({"choices":[{"finish_reason":"\u0020\t\n\u00A0"}]})"}, Said::kNothing},
      {{R"({"choices":[{"finish_reason":"\u0020\u0073top"}]})"}, Said::kEnded},
      {{R"({"choices":[{"finish_reason":null}]})"}, Said::kNothing},
      {{R"({"choices":[{"finish_reason":true}]})"}, Said::kNothing},
      {{R"({"choices":[{"finish_reason":1}]})"}, Said::kNothing},
      {{R"({"choices":[{"finish_reason":{"a":"stop"}}]})"}, Said::kNothing},
      {{R"({"choices":[{"finish_reason":["stop"]}]})"}, Said::kNothing},
      {{R"({"finish_reason":"stop","choices":[{}]})"}, Said::kNothing},
      {{R"({"finish_reason":"stop"})"}, Said::kNothing},
      {{R"({"choices":[{"delta":{"finish_reason":"stop"}}]})"}, Said::kNothing},
      {{R"({"choices":[{"delta":{"tool_calls":[{"index":0,"finish_reason":"stop","function":)"
        R"({"name":"f","arguments":"{\"finish_reason\":\"stop\"}"}}]}}]})"},
       Said::kNothing},
      {{R"({"choices":[{"choices":[{"finish_reason":"stop"}]}]})"}, Said::kNothing},
      {{R"({"choices":[{"logprobs":[{"finish_reason":"stop"}]}]})"}, Said::kNothing},
      {{R"({"choices":[{"text":"\"finish_reason\":\"stop\""}]})"}, Said::kNothing},
      {{R"({"choices":[{"text":"finish_reason","x":"stop"}]})"}, Said::kNothing},
      {{R"({"choices":[[{"finish_reason":"stop"}]]})"}, Said::kNothing},
      {{R"({"choices":{"a":{"finish_reason":"stop"}}})"}, Said::kNothing},
      {{R"({"usage":{"choices":[{"finish_reason":"stop"}]}})"}, Said::kNothing},
      {{R"({"choices":["finish_reason","stop"]})"}, Said::kNothing},
      {{R"({"choices":[{"finish_reasons":"stop","Finish_reason":"stop"}]})"}, Said::kNothing},
      {{R"({"choices":[{"finish_reason":"stop"})"}, Said::kNothing},
      {{R"([{"choices":[{"finish_reason":"stop"}]}])"}, Said::kNothing},
      {{R"({"choices":[]})"}, Said::kNothing},
      // If a key occurs twice, the last value counts, whatever its type.
      {{R"({"choices":[{"finish_reason":"stop"}],"choices":null})"}, Said::kNothing},
      {{R"({"choices":[{"finish_reason":"stop"}],"choices":[]})"}, Said::kNothing},
      {{R"({"choices":[{"finish_reason":"stop"}],"choices":"x"})"}, Said::kNothing},
      {{R"({"choices":[{"finish_reason":"stop"}],"choices":{}})"}, Said::kNothing},
      {{R"({"choices":[{"finish_reason":"stop"}],"choi\u0063es":0})"}, Said::kNothing},
      {{R"({"choices":null,"choices":[{"finish_reason":"stop"}]})"}, Said::kEnded},
      {{kDelta}, Said::kNothing},
  });
}

// reported-failures 3.5
TEST(StreamEnd, ABrokenEventSaysNothingForTheNextOne) {
  constexpr std::string_view kBroken = R"({"choices":[{"index":0,"finish_reason":"stop"}])";
  expect_ends({{{kDelta, kBroken, R"({"id":"x"})"}, Said::kNothing}});
}

TEST(StreamEnd, EachChoiceThatHasBegunMustEnd) {
  const std::string_view both =
      R"({"choices":[{"index":0,"finish_reason":"stop"},{"index":1,"finish_reason":"stop"}]})";
  const std::string_view second = R"({"choices":[{"finish_reason":"stop","index":1}]})";
  const std::string_view second_delta = R"({"choices":[{"delta":{},"index":1}]})";
  const std::string_view far = R"({"choices":[{"index":1000,"text":"x"}]})";
  const std::string_view far_end = R"({"choices":[{"index":1000,"finish_reason":"stop"}]})";
  const std::string_view too_far = R"({"choices":[{"index":99999999999,"finish_reason":"stop"}]})";
  const std::string_view usage = R"({"choices":[],"usage":{"total_tokens":3}})";
  expect_ends({
      {{kDelta, second_delta, kFinish}, Said::kNothing},
      {{kDelta, second_delta, second}, Said::kNothing},
      {{kDelta, second_delta, second, kFinish, usage}, Said::kEnded},
      {{second_delta, second}, Said::kEnded},
      {{kDelta, second_delta, both}, Said::kEnded},
      {{both, kDelta}, Said::kEnded},
      {{far, kFinish}, Said::kNothing},
      {{far, kFinish, far_end}, Said::kEnded},
      {{kFinish, too_far}, Said::kNothing},
      {{R"({"choices":[{"text":"a"},{"text":"b"}]})", R"({"choices":[{"finish_reason":"stop"}]})"},
       Said::kNothing},
      {{usage, kDelta, kFinish}, Said::kEnded},
      // Azure's first event, and its last.
      {{R"({"choices":[],"model":"","prompt_filter_results":[{"prompt_index":0}]})", kDelta,
        kFinish,
        R"({"choices":[{"index":0,"finish_reason":null,"content_filter_offsets":{"a":1}}]})"},
       Said::kEnded},
      // The number is the same however it is written, and none within a part counts.
      {{kDelta, R"({"choices":[{"index":1.0}]})", kFinish}, Said::kNothing},
      {{kDelta, R"({"choices":[{"index":"1"}]})", kFinish}, Said::kNothing},
      {{second_delta, R"({"choices":[{"index":10e-1,"finish_reason":"stop"}]})"}, Said::kEnded},
      {{R"({"choices":[{"index":1,"delta":{"tool_calls":[{"index":0}]}}]})", kFinish},
       Said::kNothing},
      {{R"({"choices":[{"index":1,"index":0}]})", kFinish}, Said::kEnded},
      {{kFinish, R"({"choices":[{"index":1e400,"finish_reason":"stop"}]})"}, Said::kNothing},
      {{R"({"choices":[{"index":2}]})", second_delta, kDelta, second,
        R"({"choices":[{"index":2,"finish_reason":"length"}]})", kFinish},
       Said::kEnded},
      {{R"({"choices":[{"index":2}]})", second_delta, kDelta, second, kFinish}, Said::kNothing},
  });
}

TEST(StreamEnd, TheMarkEndsAStreamThatHasSaidSomething) {
  const std::string_view second = R"({"choices":[{"delta":{},"index":1}]})";
  expect_ends({
      {{kDelta, "[DONE]"}, Said::kEnded},
      {{R"({"response":"x"})", "[DONE]"}, Said::kEnded},
      {{"text", "[DONE]"}, Said::kEnded},
      {{kFinish, "[DONE]", "[DONE]"}, Said::kEnded},
      {{kDelta, second, "[DONE]"}, Said::kEnded},
      {{"[DONE]"}, Said::kNothing},
      {{"[DONE]", "[DONE]"}, Said::kNothing},
      // A service that states a reason for one choice states it for all.
      {{kDelta, second, kFinish, "[DONE]"}, Said::kNothing},
  });
}

// reported-failures 3.2
TEST(StreamEnd, AnErrorIsAnObjectOrATextThatSaysSomething) {
  expect_ends({
      {{R"({"error":{"message":"m"}})"}, Said::kError},
      {{R"({"error" : "text"})"}, Said::kError},
      {{R"({"\u0065rror":"text"})"}, Said::kError},
      {{R"({"object":"error","message":"x","code":400})"}, Said::kError},
      {{R"({"message":"x","object":"err\u006fr"})"}, Said::kError},
      {{R"({"type":"error","error":{"type":"overloaded_error"}})"}, Said::kError},
      {{R"({"type":"error","message":"x"})"}, Said::kError},
      {{kDelta, R"({"error":{"message":"m"}})", "[DONE]"}, Said::kError},
      {{kFinish, R"({"object":"error","message":"x","code":400})"}, Said::kError},
      {{R"({"detail":"x"})"}, Said::kNothing},
      {{R"({"error":null,"error":{"a":1}})"}, Said::kError},
      {{R"({"error":{"a":1},"error":null})"}, Said::kNothing},
      {{R"({"error":null})"}, Said::kNothing},
      {{R"({"error":false})"}, Said::kNothing},
      {{R"({"error":""})"}, Said::kNothing},
      {{R"({"error":" "})"}, Said::kNothing},
      {{R"({"error":{ }})"}, Said::kNothing},
      {{R"({"error":[]})"}, Said::kNothing},
      {{R"({"error":[{"a":1}]})"}, Said::kNothing},
      {{R"({"error":0})"}, Said::kNothing},
      {{R"({"object":"chat.completion.chunk"})"}, Said::kNothing},
      {{R"({"object":{"error":1}})"}, Said::kNothing},
      {{R"({"a":{"error":{"message":"m"}},"b":"error"})"}, Said::kNothing},
      {{R"({"choices":[{"error":{"message":"m"}}]})"}, Said::kNothing},
      {{R"({"error":{"message":"m"})"}, Said::kNothing},
      {{R"({"error","a":1})"}, Said::kNothing},
  });
}

// A text may be longer than what is kept of it.
TEST(StreamEnd, ALongTextSaysSomethingIfItIsNotAllWhiteSpace) {
  for (const std::string_view space : {" ", R"(\n)", R"(\u00a0)"}) {
    std::string blank;
    while (blank.size() < 500) blank += space;
    const auto finish = [](const std::string& value) {
      return R"({"choices":[{"finish_reason":")" + value + R"("}]})";
    };
    const auto error = [](const std::string& value) { return R"({"error":")" + value + R"("})"; };
    expect_ends({
        {{finish(blank)}, Said::kNothing},
        {{finish(blank + "stop")}, Said::kEnded},
        {{finish(blank + "null")}, Said::kEnded},
        {{finish("stop" + blank)}, Said::kEnded},
        {{finish(std::string(500, 'x'))}, Said::kEnded},
        {{error(blank)}, Said::kNothing},
        {{error(blank + "x")}, Said::kError},
        {{error("x" + blank)}, Said::kError},
    });
  }
}

TEST(StreamEnd, AChoiceHasItsNumberHoweverMuchSpaceIsAroundIt) {
  const std::string space(500, ' ');
  const std::string one = R"({"choices":[{"index":)" + space + "1" + space;
  expect_ends({
      {{one + R"(,"delta":{}}]})", kFinish}, Said::kNothing},
      {{one + R"(,"delta":{}}]})", R"({"choices":[{"index":1,"finish_reason":"stop"}]})"},
       Said::kEnded},
  });
}

Said said_by_stream(std::string_view stream) {
  SseRewriter rewriter("n", kCompletionEvents, DoneEvent::kPass, 1 << 20);
  std::string out;
  rewriter.feed(stream, out);
  rewriter.finish(out);
  if (rewriter.end().saw_error()) return Said::kError;
  return rewriter.end().marked() ? Said::kEnded : Said::kNothing;
}

// reported-failures 3.2
TEST(StreamEnd, AnEventThatIsNamedErrorIsAnError) {
  for (std::string_view stream : {
           "event: error\ndata: {\"error\":{\"message\":\"m\"}}\n\n",
           "event: error\ndata: {\"message\":\"m\"}\n\n",
           "event:error\r\ndata: overloaded\r\n\r\n",
           "data: {}\rid: 1\revent: error\r\r",
           "event: ping\nevent: error\ndata:\n\n",
           "event: error\ndata: {}",
       }) {
    EXPECT_EQ(said_by_stream(stream), Said::kError) << stream;
  }
  for (std::string_view stream : {
           "event: error\n\ndata: {}\n\ndata: [DONE]\n\n",
           "event: error\nevent: x\ndata: {}\n\ndata: [DONE]\n\n",
           "event: error\nevent\ndata: {}\n\ndata: [DONE]\n\n",
           "event: errors\ndata: {}\n\ndata: [DONE]\n\n",
           "events: error\ndata: {}\n\ndata: [DONE]\n\n",
           "eve: error\ndata: {}\n\ndata: [DONE]\n\n",
           ": event: error\ndata: {}\n\ndata: [DONE]\n\n",
           // Clients ignore unknown fields.
           "error: {\"code\":500}\ndata: {}\n\ndata: [DONE]\n\n",
       }) {
    EXPECT_EQ(said_by_stream(stream), Said::kEnded) << stream;
  }
  EXPECT_EQ(said_by_stream("error: {\"code\":500}\n\n"), Said::kNothing);
  EXPECT_EQ(said_by_stream("event: error\ndata: {"), Said::kNothing);
}

// reported-failures 3.2
TEST(StreamEnd, TheMarkDoesNotPassAfterAnError) {
  SseRewriter rewriter("n", kCompletionEvents, DoneEvent::kPass, 1 << 20);
  const std::string error = "data: {\"object\":\"error\",\"message\":\"x\"}\n\n";
  std::string out;
  rewriter.feed(error + "data: [DONE]\n\n", out);
  rewriter.finish(out);
  EXPECT_EQ(out, error);
  EXPECT_FALSE(rewriter.end().marked());
}

TEST(StreamEnd, AnOpeningThatEventsShareIsJudgedInEach) {
  const std::string_view finish = R"({"choices":[{"finish_reason":"stop"}],"model":"m","x":1})";
  const std::string_view error = R"({"error":{"m":1},"model":"m"})";
  const std::string_view null = R"({"error":null,"model":"m"})";
  expect_ends({
      {{null, null, null, null}, Said::kNothing},
      {{null, null, error, error}, Said::kError},
      {{kDelta, finish, finish, finish}, Said::kEnded},
      {{kDelta, kDelta, kDelta, kDelta, kFinish}, Said::kEnded},
      {{kDelta, kDelta, kDelta, R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})"},
       Said::kEnded},
      {{kDelta, kDelta, R"({"choices":[{"index":0,"delta":{},"index":1,"finish_reason":"stop"}]})"},
       Said::kNothing},
      {{kDelta, kDelta, R"({"choices":[{"index":0,"delta":{}}],"error":{"m":1}})"}, Said::kError},
  });
}

// Events of every kind that an opening could be remembered of, or taken for. A text that does not
// come in one piece is looked at whole, so nothing is remembered in pieces of one byte.
TEST(StreamEnd, StreamsSayTheSameWhateverIsRememberedOfEarlierEvents) {
  constexpr std::string_view kHeads[] = {"",
                                         R"("model":"m",)",
                                         R"("id":"1","model":"m",)",
                                         R"("model":"m","model":"k",)",
                                         R"("usage":{"a":1},)",
                                         R"("error":null,)",
                                         R"("error":"x",)",
                                         R"("mod\u0065l":"m",)"};
  constexpr std::string_view kParts[] = {
      R"({"index":0,"delta":{"content":"a"},"finish_reason":null})",
      R"({"index":0,"delta":{"content":"b"},"finish_reason":"stop"})",
      R"({"index":1,"delta":{"model":"}"},"finish_reason":null})",
      R"({"finish_reason":"stop","index":1,"delta":{}})",
      R"({"finish_reason":null,"index":0,"delta":{},"finish_reason":"stop"})",
      R"({"finish_reason":{"a":1},"logprobs":[1,{"b":"\""}],"index":1,"delta":{}})",
      R"({"text":"c","index":70,"finish_reason":"length"})",
      R"([{"index":0,"finish_reason":"stop"}])"};
  constexpr std::string_view kTails[] = {"", R"(,"model":"z")", R"(,"usage":{"b":[2]})",
                                         R"(,"choices":[{"delta":{}}])", R"(,"error":{"m":1})"};
  std::mt19937 random(1);
  const auto one_of = [&random](const auto& rows) { return rows[random() % std::size(rows)]; };
  for (int round = 0; round < 3000; ++round) {
    std::string stream;
    std::string_view head;
    std::string_view part;
    for (int event = 0; event < 5; ++event) {
      // Two of three events begin like the one before.
      if (event == 0 || random() % 3 == 0) head = one_of(kHeads);
      if (event == 0 || random() % 3 == 0) part = one_of(kParts);
      stream.append("data: {").append(head).append("\"choices\":[").append(part);
      if (random() % 4 == 0) stream.append(",").append(one_of(kParts));
      stream.append("]").append(one_of(kTails)).append("}\n\n");
    }
    SseRewriter whole("n", kCompletionEvents, DoneEvent::kPass, 1 << 20);
    SseRewriter bytewise("n", kCompletionEvents, DoneEvent::kPass, 1 << 20);
    std::string out;
    std::string expected;
    whole.feed(stream, out);
    for (const char& byte : stream) bytewise.feed({&byte, 1}, expected);
    ASSERT_EQ(out, expected) << stream;
    EXPECT_EQ(whole.usage().top, bytewise.usage().top) << stream;
    EXPECT_EQ(whole.end().saw_error(), bytewise.end().saw_error()) << stream;
    EXPECT_EQ(whole.end().parts_have_ended(), bytewise.end().parts_have_ended()) << stream;
    EXPECT_EQ(whole.end().progress(), bytewise.end().progress()) << stream;
  }
}

}  // namespace
}  // namespace penstock::wire
