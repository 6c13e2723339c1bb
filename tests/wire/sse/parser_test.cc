#include "wire/sse/parser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "wire/sse/writer.h"

namespace penstock::wire {
namespace {

// Writes down what it is told: "name|data" for each event, and all bytes.
struct Notes {
  void pass(std::string_view bytes) { all.append(bytes); }
  void pass(char byte) { all.push_back(byte); }
  void pass_line_feed() { all.push_back('\n'); }
  void begin_data() {
    if (has_data) current.push_back('\n');
    has_data = true;
  }
  void data(std::string_view part) {
    current.append(part);
    all.append(part);
  }
  void end_data() {}
  void end_event(std::string_view name) {
    if (has_data) events.push_back(std::string(name) + "|" + current);
    current.clear();
    has_data = false;
  }
  void between_events() { between = all.size(); }

  std::vector<std::string> events;
  std::string all;
  std::size_t between = 0;  // so many bytes belong to events that have ended, or to none
  std::string current;
  bool has_data = false;
};

using Events = std::vector<std::string>;

// Whole, cut once at every byte, and byte by byte: all must agree.
Events events_of(std::string_view stream) {
  const auto notes_of = [](const std::vector<std::string_view>& pieces) {
    SseParser parser;
    Notes notes;
    for (const std::string_view piece : pieces) parser.feed(piece, notes);
    return notes;
  };
  const Notes whole = notes_of({stream});
  EXPECT_EQ(whole.all, stream);
  for (std::size_t cut = 0; cut < stream.size(); ++cut) {
    const Notes in_two = notes_of({stream.substr(0, cut), stream.substr(cut)});
    EXPECT_EQ(in_two.events, whole.events) << "cut at " << cut;
    EXPECT_EQ(in_two.all, stream);
  }
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < stream.size(); ++i) bytes.push_back(stream.substr(i, 1));
  EXPECT_EQ(notes_of(bytes).events, whole.events);
  return whole.events;
}

// https://html.spec.whatwg.org/multipage/server-sent-events.html, the examples of section 9.2.6.
TEST(SseParser, ReadsTheStandardsExamples) {
  EXPECT_EQ(events_of("data: YHOO\ndata: +2\ndata: 10\n\n"), Events{"|YHOO\n+2\n10"});
  EXPECT_EQ(events_of(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n"
                      "data:  third event\n\n"),
            (Events{"|first event", "|second event", "| third event"}));
  EXPECT_EQ(events_of("data\n\ndata\ndata\n\ndata:"), (Events{"|", "|\n"}));
  EXPECT_EQ(events_of("data:test\n\ndata: test\n\n"), (Events{"|test", "|test"}));
}

TEST(SseParser, TellsTheNameOfAnEvent) {
  EXPECT_EQ(events_of("event: a\ndata: 1\n\nevent:b\ndata: 2\nevent: c \n\ndata: 3\n\n"),
            (Events{"a|1", "c|2", "|3"}));
  EXPECT_EQ(events_of("event\ndata: 1\n\nevents: x\ndata: 2\n\n"), (Events{"|1", "|2"}));
  EXPECT_EQ(events_of("event: " + std::string(100, 'n') + "\ndata:1\n\n"),
            Events{std::string(SseParser::kNameBytesMax, 'n').substr(1) + "|1"});
}

TEST(SseParser, TakesEachKindOfLineEnd) {
  for (const std::string end : {"\n", "\r", "\r\n"}) {
    EXPECT_EQ(events_of("data: 1" + end + "data: 2" + end + end + ":" + end + "event: e" + end +
                        "data: 3" + end + end),
              (Events{"|1\n2", "e|3"}));
  }
  EXPECT_EQ(events_of("data: 1\r\n\n\ndata: 2\r\r"), (Events{"|1", "|2"}));
}

TEST(SseParser, TakesAByteOrderMarkAtTheStartOnly) {
  EXPECT_EQ(events_of("\xEF\xBB\xBF"
                      "data: 1\n\n"),
            Events{"|1"});
  EXPECT_EQ(events_of("\xEF\xBB"
                      "data: 1\n\n"),
            Events{});
  EXPECT_EQ(events_of("data: 1\n\n\xEF\xBB\xBF"
                      "data: 2\n\n"),
            Events{"|1"});
}

TEST(SseParser, TellsWhetherAnEventHasBegun) {
  SseParser parser;
  Notes notes;
  parser.feed(": comment\n", notes);
  EXPECT_FALSE(parser.inside_event());
  parser.feed("i", notes);
  EXPECT_TRUE(parser.inside_event());
  parser.feed("d: 1\n\n", notes);
  EXPECT_FALSE(parser.inside_event());
  SseParser of_half_a_mark;
  of_half_a_mark.feed(
      "\xEF\xBB"
      "d",
      notes);
  EXPECT_TRUE(of_half_a_mark.inside_event());
}

// They need not be held back.
TEST(SseParser, TellsWhatBelongsToNoEvent) {
  for (const std::string_view stream : {"\xEF\xBB\xBF", ": comment\n", ": comment\r\n", ":\r"}) {
    SseParser parser;
    Notes notes;
    for (const char byte : stream) parser.feed({&byte, 1}, notes);
    EXPECT_EQ(notes.between, stream.size()) << stream;
  }
  SseParser parser;
  Notes notes;
  parser.feed("data: 1\r\n", notes);
  EXPECT_EQ(notes.between, 0U);
}

TEST(SseWriter, WritesWhatTheParserReads) {
  std::string out;
  append_sse_event(out, "error", R"({"a":1})");
  append_sse_event(out, "", "2");
  EXPECT_EQ(events_of(out), (Events{R"(error|{"a":1})", "|2"}));
}

}  // namespace
}  // namespace penstock::wire
