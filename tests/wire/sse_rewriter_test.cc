#include "wire/sse_rewriter.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "wire/recordings.h"
#include "wire/usage.h"

namespace penstock::wire {
namespace {

constexpr std::size_t kLimit = 1 << 20;

struct Outcome {
  std::string out;
  bool ok = true;
  bool done = false;
  bool boundary = false;
  std::size_t events = 0;
  std::string usage;
  bool finish_reason = false;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

std::ostream& operator<<(std::ostream& stream, const Outcome& outcome) {
  return stream << outcome.out << " ok " << outcome.ok << " done " << outcome.done << " boundary "
                << outcome.boundary << " events " << outcome.events << " usage " << outcome.usage
                << " finish_reason " << outcome.finish_reason;
}

struct Options {
  DoneEvent done = DoneEvent::kPass;
  std::size_t limit = kLimit;
};

Outcome outcome_of(const std::vector<std::string_view>& pieces, Options options) {
  SseRewriter rewriter("n", options.done, options.limit);
  Outcome outcome;
  for (std::string_view piece : pieces) {
    if (!rewriter.feed(piece, outcome.out)) {
      outcome.ok = false;
      return outcome;
    }
  }
  rewriter.finish(outcome.out);
  outcome.boundary = rewriter.at_event_boundary();
  outcome.done = rewriter.saw_done();
  outcome.events = rewriter.events();
  outcome.usage = rewriter.json().usage();
  outcome.finish_reason = rewriter.json().saw_finish_reason();
  return outcome;
}

std::vector<std::string_view> bytes_of(std::string_view text) {
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < text.size(); ++i) bytes.push_back(text.substr(i, 1));
  return bytes;
}

// Whole, cut once at every place, and byte by byte: all must agree.
Outcome rewrite(std::string_view text, Options options = {}) {
  const Outcome whole = outcome_of({text}, options);
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_EQ(whole, outcome_of({text.substr(0, i), text.substr(i)}, options)) << "cut at " << i;
  }
  EXPECT_EQ(whole, outcome_of(bytes_of(text), options));
  return whole;
}

Outcome strip(std::string_view text) {
  return rewrite(text, {DoneEvent::kStrip, kLimit});
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

TEST(SseRewriter, ReplacesTheModelWhateverTheLineEnds) {
  const std::string stream =
      "data: {\"model\":\"m\",\"a\":1}\n\nevent: x\nid:7\ndata:{\"model\":\"m\"}\n: c\n\n";
  for (std::string_view line_end : {"\n", "\r", "\r\n"}) {
    const std::string sent = replaced(stream, "\n", line_end);
    const Outcome outcome = rewrite(sent);
    EXPECT_EQ(outcome.out, replaced(sent, "\"m\"", "\"n\""));
    EXPECT_EQ(outcome.events, 2U);
    EXPECT_TRUE(outcome.boundary);
  }
}

TEST(SseRewriter, ReplacesTheModelInDataOfSeveralLines) {
  const Outcome outcome = rewrite(
      "data: {\r\ndata: \"model\"\ndata\ndata::\ndata: \"m\"}\n\ndata:{\ndata:\"model\":\r"
      "data:  \"m\"\ndata:}\n\n");
  EXPECT_EQ(outcome.out,
            "data: {\r\ndata: \"model\"\ndata\ndata::\ndata: \"n\"}\n\ndata:{\ndata:\"model\":\r"
            "data:  \"n\"\ndata:}\n\n");
  EXPECT_EQ(outcome.events, 2U);
}

TEST(SseRewriter, PassesAModelThatIsBrokenByALineEnd) {
  constexpr std::string_view kStream = "data: {\"model\":\"m\ndata: \"}\n\n";
  EXPECT_EQ(rewrite(kStream).out, kStream);
}

TEST(SseRewriter, PassesCommentsFieldsAndRubbish) {
  constexpr std::string_view kStream =
      ": ping\n\n:\n\nretry: 10\n\nevent\nid: {\"model\":\"m\"}\n\ndatax: {\"model\":\"m\"}\n"
      "dat\nDATA: {\"model\":\"m\"}\n data: {\"model\":\"m\"}\n\n\n\n\xFF\xFE\n\n";
  const Outcome outcome = rewrite(kStream);
  EXPECT_EQ(outcome.out, kStream);
  EXPECT_EQ(outcome.events, 0U);
}

TEST(SseRewriter, TakesAByteOrderMarkAtTheStartOnly) {
  EXPECT_EQ(rewrite("\xEF\xBB\xBF"
                    "data: {\"model\":\"m\"}\n\n")
                .out,
            "\xEF\xBB\xBF"
            "data: {\"model\":\"n\"}\n\n");
  constexpr std::string_view kLater =
      "\n\xEF\xBB\xBF"
      "data: {\"model\":\"m\"}\n\n";
  EXPECT_EQ(rewrite(kLater).out, kLater);
  constexpr std::string_view kTwice =
      "\xEF\xBB\xBF\xEF\xBB\xBF"
      "data: {\"model\":\"m\"}\n\n";
  EXPECT_EQ(rewrite(kTwice).out, kTwice);
  constexpr std::string_view kPart =
      "\xEF\xBB"
      "data: {\"model\":\"m\"}\n\n";
  EXPECT_EQ(rewrite(kPart).out, kPart);
}

TEST(SseRewriter, PassesALastEventWithoutItsEmptyLine) {
  const Outcome outcome = rewrite("data: {\"model\":\"m\"}\n\ndata: {\"model\":\"m\"}");
  EXPECT_EQ(outcome.out, "data: {\"model\":\"n\"}\n\ndata: {\"model\":\"n\"}");
  EXPECT_EQ(outcome.events, 2U);
  EXPECT_FALSE(outcome.boundary);
  EXPECT_EQ(rewrite("data: {\"model\":\"half").out, "data: {\"model\":\"half");
}

TEST(SseRewriter, SeesTheDoneEventAndPassesIt) {
  for (std::string_view stream :
       {"data: [DONE]\n\n", "data:[DONE]\r\n\r\n", "id: 1\ndata: [DONE]\n: c\n\n", "data: [DONE]\n",
        "data: [DONE]"}) {
    const Outcome outcome = rewrite(stream);
    EXPECT_EQ(outcome.out, stream);
    EXPECT_TRUE(outcome.done) << stream;
    EXPECT_EQ(outcome.events, 0U);
  }
}

TEST(SseRewriter, TakesOnlyTheExactWordForDone) {
  for (std::string_view stream :
       {"data: [DONE\n\n", "data: [DONE]x\n\n", "data:  [DONE]\n\n", "data: [done]\n\n",
        "data: [DONE]\ndata: [DONE]\n\n", "data:\ndata: [DONE]\n\n", "data: [1]\n\n", "data:\n\n",
        "data\n\n", "data: [DONE]\ndata\n\n"}) {
    for (DoneEvent done : {DoneEvent::kPass, DoneEvent::kStrip}) {
      const Outcome outcome = rewrite(stream, {done, kLimit});
      EXPECT_EQ(outcome.out, stream);
      EXPECT_FALSE(outcome.done) << stream;
      EXPECT_EQ(outcome.events, 1U);
    }
  }
}

TEST(SseRewriter, StripsTheDoneEventWithItsLineEnds) {
  for (std::string_view done :
       {"data: [DONE]\n\n", "data:[DONE]\r\n\r\n", "data: [DONE]\r\r",
        "data: [DONE]\n: c\nid: 1\n\n", "data: [DONE]\r\n", "data: [DONE]"}) {
    const Outcome outcome = strip("data: {\"model\":\"m\"}\n\n" + std::string(done));
    EXPECT_EQ(outcome.out, "data: {\"model\":\"n\"}\n\n") << done;
    EXPECT_TRUE(outcome.done);
    EXPECT_TRUE(outcome.boundary);
    EXPECT_EQ(outcome.events, 1U);
  }
  EXPECT_EQ(strip("data: [DONE]\r\n\r\n\ndata: {\"model\":\"m\"}\n\n").out,
            "\ndata: {\"model\":\"n\"}\n\n");
  EXPECT_EQ(strip(": c\ndata: [DONE]\n\n: d\n\n").out, ": c\n: d\n\n");
}

TEST(SseRewriter, LeavesFieldsBeforeAStrippedDoneAsAnEventOfTheirOwn) {
  EXPECT_EQ(strip("id: 1\ndata: [DONE]\n\ndata: {}\n\n").out, "id: 1\n\ndata: {}\n\n");
}

TEST(SseRewriter, HoldsNothingBackButAModelOrAPossibleDone) {
  SseRewriter rewriter("n", DoneEvent::kStrip, kLimit);
  std::string out;
  const auto feed = [&](std::string_view piece) {
    out.clear();
    EXPECT_TRUE(rewriter.feed(piece, out));
    return out;
  };
  EXPECT_EQ(feed(": pi"), ": pi");
  EXPECT_EQ(feed("ng\ndat"), "ng\n");
  EXPECT_EQ(feed("a: "), "");
  EXPECT_EQ(feed("{\"x\":\"y"), "data: {\"x\":\"y");
  EXPECT_EQ(feed("\",\"model\":\"m"), "\",\"model\":");
  EXPECT_EQ(feed("1\"}\n"), "\"n\"}\n");
  EXPECT_EQ(feed("\ndata: [DO"), "\n");
  EXPECT_EQ(feed("X"), "data: [DOX");
}

TEST(SseRewriter, KnowsWhenAnotherEventMayFollow) {
  for (DoneEvent done : {DoneEvent::kPass, DoneEvent::kStrip}) {
    SseRewriter rewriter("n", done, kLimit);
    std::string out;
    const auto boundary_after = [&](std::string_view piece) {
      EXPECT_TRUE(rewriter.feed(piece, out));
      return rewriter.at_event_boundary();
    };
    EXPECT_TRUE(rewriter.at_event_boundary());
    EXPECT_FALSE(boundary_after(":"));
    EXPECT_TRUE(boundary_after(" c\n"));
    EXPECT_EQ(boundary_after("d"), done == DoneEvent::kStrip);
    EXPECT_FALSE(boundary_after("ata: {}"));
    EXPECT_FALSE(boundary_after("\r\n"));
    EXPECT_TRUE(boundary_after("\r"));
    EXPECT_TRUE(boundary_after("\n"));
    EXPECT_FALSE(boundary_after("id: 1\n"));
    EXPECT_TRUE(boundary_after("\n"));
    EXPECT_EQ(boundary_after("data: [DONE]\n"), done == DoneEvent::kStrip);
    EXPECT_TRUE(boundary_after("\n"));
  }
}

TEST(SseRewriter, RefusesAnEventOverTheLimit) {
  constexpr std::string_view kEvent = "id: 1\ndata: {\"model\":\"m\"}\n\n";
  const std::string stream = std::string(kEvent) + std::string(kEvent);
  EXPECT_TRUE(rewrite(stream, {DoneEvent::kPass, kEvent.size()}).ok);
  EXPECT_FALSE(rewrite(stream, {DoneEvent::kPass, kEvent.size() - 1}).ok);

  SseRewriter rewriter("n", DoneEvent::kPass, 16);
  std::string out;
  const Status status = rewriter.feed("data: {\"a\":\"" + std::string(1 << 20, 'x'), out);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kUpstreamInvalidResponse);
  EXPECT_EQ(out, "data: {\"a\":\"xxxx");
}

TEST(SseRewriter, SeesWhatTheLastEventsSay) {
  const Outcome outcome = rewrite(
      "data: {\"choices\":[{\"finish_reason\":null}],\"usage\":null}\n\n"
      "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n"
      "data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\ndata: [DONE]\n\n");
  EXPECT_TRUE(outcome.finish_reason);
  EXPECT_EQ(outcome.usage, "{\"total_tokens\":3}");
}

std::vector<std::string_view> random_pieces(std::string_view text, std::mt19937& random) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    // Mostly a few hundred bytes, as they come from a socket, and sometimes a few.
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
    const Outcome outcome = outcome_of(random_pieces(stream.sent, random), {});
    EXPECT_EQ(outcome.out, stream.expected) << stream.id;
    EXPECT_TRUE(outcome.ok && outcome.done && outcome.boundary) << stream.id;
    EXPECT_EQ(outcome.events, stream.events) << stream.id;
    EXPECT_EQ(outcome, outcome_of(bytes_of(stream.sent), {})) << stream.id;
    EXPECT_EQ(outcome.usage, stream.usage.is_null() ? "" : stream.usage.dump()) << stream.id;
    EXPECT_EQ(read_usage(outcome.usage).has_value(), !stream.usage.is_null()) << stream.id;
    const Outcome stripped = outcome_of(random_pieces(stream.sent, random), {DoneEvent::kStrip});
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
      ASSERT_EQ(outcome_of({sent.substr(0, i), sent.substr(i)}, {}).out, stream.expected) << i;
    }
    if (++tried == 12) break;
  }
  EXPECT_GE(tried, 5U);
}

}  // namespace
}  // namespace penstock::wire
