#include "sim/stream_feed.h"

#include <utility>

#include "sim/refusals.h"

namespace penstock::sim {
namespace {

// The maximum size of a write, even if more events are due.
constexpr std::size_t kWriteBytes = 16 * 1024;

}  // namespace

StreamFeed::StreamFeed(EventScript events, std::string head, Pace pace, const Behaviour& behaviour,
                       Framer& framer)
    : events_(std::move(events)),
      head_(std::move(head)),
      pace_(pace),
      behaviour_(behaviour),
      framer_(framer) {}

SteadyTime StreamFeed::next_due() const {
  return pace_.event_due(events_sent_, events_.tokens_before_next(), events_.tokens());
}

StreamFeed::Then StreamFeed::append_due(std::string& out, SteadyTime now) {
  out.append(head_);
  head_ = {};
  std::string event;
  for (std::uint64_t events = 0;; ++events) {
    if (events_sent_ >= behaviour_.cut_after_events) return Then::kCut;
    if (next_due() > now || out.size() >= kWriteBytes) return Then::kMore;
    if (behaviour_.events_per_write > 0 && events == behaviour_.events_per_write) {
      return Then::kMore;
    }
    const bool failed = events_.tokens_before_next() >= behaviour_.error_after_tokens ||
                        events_sent_ >= behaviour_.error_after_events;
    const bool ends = failed || events_.finished();
    if (!ends || failed || !events_.last().empty()) {
      write_event(event, failed);
      framer_.append_data(out, event);
      ++events_sent_;
    }
    if (!ends) continue;
    framer_.append_end(out);
    return Then::kEnd;
  }
}

void StreamFeed::write_event(std::string& event, bool failed) {
  event.clear();
  if (events_.form() == EventScript::Form::kBytes) {
    if (!failed) events_.append_next(event);
    return;
  }
  if (failed) {
    begin_event(event, events_.failure().type);
    event.append(error_event_data(behaviour_, events_.dialect(), events_.failure().object,
                                  events_.events_passed()));
  } else if (events_.finished()) {
    begin_event(event, {});
    event.append(events_.last());
  } else {
    begin_event(event, events_.next_type());
    events_.append_next(event);
  }
  event.append(behaviour_.line_end).append(behaviour_.line_end);
}

void StreamFeed::begin_event(std::string& event, std::string_view type) const {
  if (behaviour_.comments) event.append(": still here").append(behaviour_.line_end);
  if (!type.empty()) event.append("event: ").append(type).append(behaviour_.line_end);
  event.append("data: ");
}

}  // namespace penstock::sim
