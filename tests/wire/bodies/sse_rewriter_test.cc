#include "wire/bodies/sse_rewriter.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "wire/apis/usage.h"
#include "wire/recordings.h"
#include "wire/replaced.h"

namespace penstock::wire {
namespace {

constexpr std::size_t kHeldBytesMax = 1 << 20;

struct RewrittenStream {
  std::string out;
  bool done = false;
  bool ended = false;
  bool broke_off = false;
  std::string usage;

  friend bool operator==(const RewrittenStream&, const RewrittenStream&) = default;
};

std::ostream& operator<<(std::ostream& stream, const RewrittenStream& outcome) {
  return stream << outcome.out << " done " << outcome.done << " ended " << outcome.ended
                << " broke off " << outcome.broke_off << " usage " << outcome.usage;
}

struct Options {
  DoneEvent done = DoneEvent::kPass;
  std::size_t limit = kHeldBytesMax;
};

RewrittenStream rewritten_stream(const std::vector<std::string_view>& pieces, Options options) {
  SseRewriter rewriter("n", kCompletionEvents, options.done, options.limit);
  RewrittenStream outcome;
  std::string unsent;
  for (std::string_view piece : pieces) {
    rewriter.feed(piece, unsent);
    outcome.out.append(unsent, 0, unsent.size() - rewriter.held());
    unsent.erase(0, unsent.size() - rewriter.held());
  }
  rewriter.finish(unsent);
  outcome.out += unsent;
  outcome.done = rewriter.end().marked();
  outcome.ended = rewriter.end().parts_have_ended();
  outcome.broke_off = rewriter.broke_off();
  outcome.usage = rewriter.usage().top;
  return outcome;
}

std::vector<std::string_view> bytes_of(std::string_view text) {
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < text.size(); ++i) bytes.push_back(text.substr(i, 1));
  return bytes;
}

// Whole, cut once at every position, and byte by byte: all must agree.
RewrittenStream rewrite_stream(std::string_view text, Options options = {}) {
  const RewrittenStream whole = rewritten_stream({text}, options);
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_EQ(whole, rewritten_stream({text.substr(0, i), text.substr(i)}, options))
        << "cut at " << i;
  }
  EXPECT_EQ(whole, rewritten_stream(bytes_of(text), options));
  return whole;
}

RewrittenStream strip(std::string_view text) {
  return rewrite_stream(text, {DoneEvent::kStrip, kHeldBytesMax});
}

TEST(SseRewriter, ReplacesTheModelWhateverTheLineEnds) {
  const std::string stream =
      "data: {\"model\":\"m\",\"a\":1}\n\nevent: x\nid:7\ndata:{\"model\":\"m\"}\n: c\n\n";
  for (std::string_view line_end : {"\n", "\r", "\r\n"}) {
    const std::string sent = replaced(stream, "\n", line_end);
    const RewrittenStream outcome = rewrite_stream(sent);
    EXPECT_EQ(outcome.out, replaced(sent, "\"m\"", "\"n\""));
    EXPECT_FALSE(outcome.broke_off);
  }
}

TEST(SseRewriter, ReplacesTheModelInDataOfSeveralLines) {
  const RewrittenStream outcome = rewrite_stream(
      "data: {\r\ndata: \"model\"\ndata\ndata::\ndata: \"m\"}\n\ndata:{\ndata:\"model\":\r"
      "data:  \"m\"\ndata:}\n\n");
  EXPECT_EQ(outcome.out,
            "data: {\r\ndata: \"model\"\ndata\ndata::\ndata: \"n\"}\n\ndata:{\ndata:\"model\":\r"
            "data:  \"n\"\ndata:}\n\n");
}

TEST(SseRewriter, PassesAModelThatIsBrokenByALineEnd) {
  constexpr std::string_view kStream = "data: {\"model\":\"m\ndata: \"}\n\n";
  EXPECT_EQ(rewrite_stream(kStream).out, kStream);
}

TEST(SseRewriter, PassesCommentsFieldsAndRubbish) {
  constexpr std::string_view kStream =
      ": ping\n\n:\n\nretry: 10\n\nevent\nid: {\"model\":\"m\"}\n\ndatax: {\"model\":\"m\"}\n"
      "dat\nDATA: {\"model\":\"m\"}\n data: {\"model\":\"m\"}\n\n\n\n\xFF\xFE\n\n";
  const RewrittenStream outcome = rewrite_stream(kStream);
  EXPECT_EQ(outcome.out, kStream);
}

TEST(SseRewriter, TakesAByteOrderMarkAtTheStartOnly) {
  EXPECT_EQ(rewrite_stream("\xEF\xBB\xBF"
                           "data: {\"model\":\"m\"}\n\n")
                .out,
            "\xEF\xBB\xBF"
            "data: {\"model\":\"n\"}\n\n");
  constexpr std::string_view kLater =
      "\n\xEF\xBB\xBF"
      "data: {\"model\":\"m\"}\n\n";
  EXPECT_EQ(rewrite_stream(kLater).out, kLater);
  constexpr std::string_view kTwice =
      "\xEF\xBB\xBF\xEF\xBB\xBF"
      "data: {\"model\":\"m\"}\n\n";
  EXPECT_EQ(rewrite_stream(kTwice).out, kTwice);
  constexpr std::string_view kPart =
      "\xEF\xBB"
      "data: {\"model\":\"m\"}\n\n";
  EXPECT_EQ(rewrite_stream(kPart).out, kPart);
}

TEST(SseRewriter, PassesALastEventWithoutItsEmptyLineIfItIsComplete) {
  const RewrittenStream outcome =
      rewrite_stream("data: {\"model\":\"m\"}\n\ndata: {\"model\":\"m\"}");
  EXPECT_EQ(outcome.out, "data: {\"model\":\"n\"}\n\ndata: {\"model\":\"n\"}");
  EXPECT_FALSE(outcome.broke_off);
}

// reported-failures A15
TEST(SseRewriter, TakesBackAnEventThatBreaksOff) {
  for (std::string_view broken : {"d", "id: 1\n", "data: {\"model\":\"half", "data: {\"a\":1\n",
                                  "event: x\ndata: {\"a\":", "data: [DON", "data: text\n"}) {
    const RewrittenStream outcome = rewrite_stream(": c\ndata: {}\n\n" + std::string(broken));
    EXPECT_EQ(outcome.out, ": c\ndata: {}\n\n") << broken;
    EXPECT_TRUE(outcome.broke_off) << broken;
  }
}

constexpr std::string_view kEvent = "data: {\"a\":1}\n\n";

// reported-failures 3.4
TEST(SseRewriter, SeesTheMarkThatEndsAStreamAndPassesIt) {
  for (std::string_view mark :
       {"data: [DONE]\n\n", "data:[DONE]\r\n\r\n", "id: 1\ndata: [DONE]\n: c\n\n", "data: [DONE]\n",
        "data: [DONE]", "data:  [DONE]\n\n", "data:\t[DONE] \t\n\n", "data: [DONE]\ndata\n\n",
        "data:\ndata: [DONE]\n\n"}) {
    const std::string stream = std::string(kEvent) + std::string(mark);
    const RewrittenStream outcome = rewrite_stream(stream);
    EXPECT_EQ(outcome.out, stream);
    EXPECT_TRUE(outcome.done) << mark;
    EXPECT_EQ(strip(stream).out, kEvent) << mark;
  }
}

TEST(SseRewriter, TakesNothingElseForTheMark) {
  for (std::string_view other :
       {"data: [DONE\n\n", "data: [DONE]x\n\n", "data: [done]\n\n", "data: [ DONE ]\n\n",
        "data: [DONE]\ndata: [DONE]\n\n", "data: [DO\ndata: NE]\n\n", "data: [1]\n\n", "data:\n\n",
        "data\n\n", "event: [DONE]\n\n", ": [DONE]\n\n", "data: \"[DONE]\"\n\n"}) {
    const std::string stream = std::string(kEvent) + std::string(other);
    for (DoneEvent done : {DoneEvent::kPass, DoneEvent::kStrip}) {
      const RewrittenStream outcome = rewrite_stream(stream, {done, kHeldBytesMax});
      EXPECT_EQ(outcome.out, stream);
      EXPECT_FALSE(outcome.done) << other;
    }
  }
}

TEST(SseRewriter, StripsTheMarkWithItsWholeEvent) {
  EXPECT_EQ(strip("data: {}\n\ndata: [DONE]\r\n\r\n\ndata: {\"model\":\"m\"}\n\n").out,
            "data: {}\n\n\ndata: {\"model\":\"n\"}\n\n");
  EXPECT_EQ(strip("data: {}\n\n: c\ndata: [DONE]\n\n: d\n\n").out, "data: {}\n\n: c\n: d\n\n");
  EXPECT_EQ(strip("data: {}\n\nid: 1\ndata: [DONE]\n\ndata: {}\n\n").out,
            "data: {}\n\ndata: {}\n\n");
}

TEST(SseRewriter, TakesBackAMarkThatCannotBeTrue) {
  for (std::string_view stream : {"", ": c\n\n", "data:\n\n"}) {
    const RewrittenStream outcome = rewrite_stream(std::string(stream) + "data: [DONE]\n\n");
    EXPECT_EQ(outcome.out, stream);
    EXPECT_FALSE(outcome.done);
  }
}

TEST(SseRewriter, HoldsAnEventUntilItsEmptyLineAndNothingElse) {
  SseRewriter rewriter("n", kCompletionEvents, DoneEvent::kPass, kHeldBytesMax);
  std::string out;
  const auto ready_after = [&](std::string_view piece) {
    out.erase(0, out.size() - rewriter.held());
    rewriter.feed(piece, out);
    return out.substr(0, out.size() - rewriter.held());
  };
  EXPECT_EQ(ready_after(": ping\n"), ": ping\n");
  EXPECT_EQ(ready_after("data: {\"x\""), "");
  EXPECT_EQ(ready_after(":1,\"model\":\"m"), "");
  EXPECT_EQ(ready_after("\"}\n"), "");
  EXPECT_EQ(ready_after("\n"), "data: {\"x\":1,\"model\":\"n\"}\n\n");
  EXPECT_EQ(ready_after("data: {}\n\ndata: {"), "data: {}\n\n");
}

// reported-failures 3.3
TEST(SseRewriter, PassesAnEventOfAnySizeAndHoldsNoMoreThanTheBound) {
  constexpr std::size_t kBound = 100;
  const auto event_of = [](std::size_t bytes) {
    return "data: {\"a\":\"" + std::string(bytes - 16, 'x') + "\"}\n\n";
  };
  for (std::size_t bytes : {kBound, kBound + 1, std::size_t{3'000'000}}) {
    SseRewriter rewriter("n", kCompletionEvents, DoneEvent::kPass, kBound);
    const std::string event = event_of(bytes) + "data: {\"model\":\"m\"}\n\n";
    std::string out;
    const std::string_view open = std::string_view(event).substr(0, bytes - 1);
    rewriter.feed(open, out);
    EXPECT_EQ(rewriter.held(), bytes <= kBound + 1 ? bytes - 1 : 0);
    EXPECT_EQ(rewriter.inside_event(), bytes > kBound + 1);
    EXPECT_EQ(rewriter.passed_in_part(), bytes > kBound + 1 ? 1U : 0U);
    rewriter.feed(std::string_view(event).substr(open.size()), out);
    EXPECT_FALSE(rewriter.inside_event());
    EXPECT_EQ(out, event_of(bytes) + "data: {\"model\":\"n\"}\n\n");
  }
}

TEST(SseRewriter, SeesWhatTheLastEventsSay) {
  const RewrittenStream outcome = rewrite_stream(
      "data: {\"choices\":[{\"finish_reason\":null}],\"usage\":null}\n\n"
      "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n"
      "data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\ndata: [DONE]\n\n");
  EXPECT_TRUE(outcome.ended);
  EXPECT_TRUE(outcome.done);
  EXPECT_EQ(outcome.usage, "{\"total_tokens\":3}");
}

std::vector<std::string_view> random_pieces(std::string_view text, std::mt19937& random) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    // Mostly a few hundred bytes, as from a socket, and sometimes a few.
    const std::size_t most = random() % 4 == 0 ? 8 : 900;
    const std::size_t size = std::min<std::size_t>(1 + random() % most, text.size());
    pieces.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return pieces;
}

TEST(SseRewriter, RewritesEveryRecordedStreamWhereverItIsCut) {
  const auto streams = testing::recorded_streams("n");
  ASSERT_GT(streams.size(), 200U);
  std::mt19937 random(20240607);
  for (const auto& stream : streams) {
    const RewrittenStream outcome = rewritten_stream(random_pieces(stream.sent, random), {});
    EXPECT_EQ(outcome.out, stream.expected) << stream.id;
    EXPECT_TRUE(outcome.done && outcome.ended && !outcome.broke_off) << stream.id;
    EXPECT_EQ(outcome, rewritten_stream(bytes_of(stream.sent), {})) << stream.id;
    EXPECT_EQ(outcome.usage, stream.usage.is_null() ? "" : stream.usage.dump()) << stream.id;
    EXPECT_EQ(read_usage({.inner = {}, .top = outcome.usage}).has_value(), !stream.usage.is_null())
        << stream.id;
    const RewrittenStream stripped =
        rewritten_stream(random_pieces(stream.sent, random), {DoneEvent::kStrip});
    EXPECT_EQ(stripped.out + "data: [DONE]\n\n", stream.expected) << stream.id;
  }
}

TEST(SseRewriter, RewritesAFewRecordedStreamsCutAtEveryByte) {
  const auto streams = testing::recorded_streams("n");
  std::size_t tried = 0;
  for (const auto& stream : streams) {
    if (stream.sent.size() > 4000) continue;
    const std::string_view sent = stream.sent;
    for (std::size_t i = 0; i <= sent.size(); ++i) {
      ASSERT_EQ(rewritten_stream({sent.substr(0, i), sent.substr(i)}, {}).out, stream.expected)
          << i;
    }
    if (++tried == 12) break;
  }
  EXPECT_GE(tried, 5U);
}

}  // namespace
}  // namespace penstock::wire
