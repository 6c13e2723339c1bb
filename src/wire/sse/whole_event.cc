#include "wire/sse/whole_event.h"

#include "wire/json/bytes.h"

namespace penstock::wire {
namespace {

// Keeps the name and the data of the first event that has any.
struct FirstEvent {
  void pass(std::string_view) {}
  void pass(char) {}
  void pass_line_feed() {}
  void begin_data() {
    if (has_ended) return;
    if (event.has_data) event.data.push_back('\n');
    event.has_data = true;
  }
  void data(std::string_view part) {
    if (!has_ended) event.data.append(part);
  }
  void end_data() {}
  void end_event(std::string_view name) {
    if (has_ended) return;
    event.name = name;
    has_ended = event.has_data || !name.empty();
  }
  void between_events() {}

  WholeEvent event;
  bool has_ended = false;
};

struct EndOnly {
  void pass(std::string_view) {}
  void pass(char) {}
  void pass_line_feed() {}
  void begin_data() {}
  void data(std::string_view) {}
  void end_data() {}
  void end_event(std::string_view) { has_ended = true; }
  void between_events() {}

  bool has_ended = false;
};

}  // namespace

WholeEvent read_event(std::string_view event) {
  FirstEvent sink;
  SseParser parser;
  parser.feed(event, sink);
  if (!sink.has_ended) sink.event.name = parser.event_name();
  return std::move(sink.event);
}

std::optional<std::size_t> EventSplitter::next(std::string_view piece) {
  const char* const begin = piece.data();
  const char* const end = begin + piece.size();
  EndOnly sink;
  for (const char* at = begin; at != end;) {
    const char* stop = find_any<'\n', '\r'>(at, end);
    if (stop != end && *stop == '\r' && stop + 1 != end && stop[1] == '\n') ++stop;
    if (stop != end) ++stop;
    parser_.feed({at, static_cast<std::size_t>(stop - at)}, sink);
    if (sink.has_ended) return static_cast<std::size_t>(stop - begin);
    at = stop;
  }
  return {};
}

}  // namespace penstock::wire
