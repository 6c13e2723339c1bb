#include "wire/sse/whole_event.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace penstock::wire {
namespace {

TEST(ReadEvent, HasTheNameAndTheDataWhateverSurroundsThem) {
  const WholeEvent event =
      read_event("\xEF\xBB\xBF: c\r\n\r\nevent:  ping \rid: 1\rdata: a\rdata:b\r\r");
  EXPECT_EQ(event.name, "ping");
  EXPECT_EQ(event.data, "a\nb");
  EXPECT_TRUE(event.has_data);
  EXPECT_FALSE(read_event(": comment\n\n").has_data);
  EXPECT_FALSE(read_event("event: x\n\n").has_data);
  EXPECT_EQ(read_event("event: x\n\n").name, "x");
  EXPECT_TRUE(read_event("data\n\n").has_data);
  // One whose empty line is missing, and what belongs to the next.
  EXPECT_EQ(read_event("event: x\ndata: a").name, "x");
  EXPECT_EQ(read_event("data: a\n\ndata: b\n\n").data, "a");
}

// The events of the stream, cut into pieces of that size.
std::vector<std::string> split(std::string_view stream, std::size_t piece_bytes) {
  std::vector<std::string> events(1);
  EventSplitter splitter;
  while (!stream.empty()) {
    std::string_view piece = stream.substr(0, piece_bytes);
    stream.remove_prefix(piece.size());
    while (const auto end = splitter.next(piece)) {
      events.back().append(piece.substr(0, *end));
      piece.remove_prefix(*end);
      events.emplace_back();
    }
    events.back().append(piece);
  }
  return events;
}

TEST(EventSplitter, EndsAnEventAtItsEmptyLineHoweverTheStreamIsCut) {
  const std::vector<std::string> events = {"\xEF\xBB\xBF: comment\n\n",
                                           "data: a\n\n",
                                           "event: x\rdata: b\r\r",
                                           "data: c\r\n\r\n",
                                           ": ping\n\n",
                                           "data: d\ndata: e\n\n",
                                           "\n",
                                           "data: half"};
  std::string stream;
  for (const std::string& event : events) stream += event;
  EXPECT_EQ(split(stream, stream.size()), events);
  for (std::size_t bytes = 1; bytes < stream.size(); ++bytes) {
    std::string joined;
    std::vector<std::string> data;
    for (const std::string& event : split(stream, bytes)) {
      joined += event;
      const WholeEvent read = read_event(event);
      if (read.has_data) data.push_back(read.data);
    }
    EXPECT_EQ(joined, stream);
    EXPECT_EQ(data, (std::vector<std::string>{"a", "b", "c", "d\ne", "half"})) << bytes;
  }
}

}  // namespace
}  // namespace penstock::wire
