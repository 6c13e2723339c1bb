#pragma once

// Events of a stream that are at hand as a whole (WHATWG HTML, section 9.2.6), for those few that
// are looked into. Streams that are passed on are not read here (wire/sse/parser.h).

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "wire/sse/parser.h"

namespace penstock::wire {

struct WholeEvent {
  std::string name;  // without surrounding white space; cut to SseParser::kNameBytesMax
  std::string data;  // as it is spelled, its lines joined by line feeds
  bool has_data = false;
};

// Comments and line ends around the event are skipped.
WholeEvent read_event(std::string_view event);

// Finds the ends of the events in a stream that arrives in pieces. What precedes an event (a byte
// order mark, comments, line ends) belongs to it; a comment that an empty line ends is an event
// without data.
class EventSplitter {
 public:
  // The number of bytes at the front of `piece` that end the current event. Nullopt if it ends in a
  // later piece; all of `piece` is then taken. Otherwise the next call continues with the rest.
  // The line feed of a carriage return that ended a piece belongs to the next event.
  std::optional<std::size_t> next(std::string_view piece);

 private:
  SseParser parser_;
};

}  // namespace penstock::wire
