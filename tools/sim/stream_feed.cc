#include "sim/stream_feed.h"

#include <utility>

#include "sim/refusals.h"

namespace penstock::sim {
namespace {

// The maximum size of a write, even if more events are due.
constexpr std::size_t kWriteBytes = 16 * 1024;

}  // namespace

StreamFeed::StreamFeed(EventWriter events, std::string head, Pace pace, const Behaviour& behaviour,
                       Framer& framer)
    : events_(std::move(events)),
      head_(std::move(head)),
      pace_(pace),
      behaviour_(behaviour),
      framer_(framer) {}

SteadyTime StreamFeed::next_due() const {
  return pace_.due(events_.tokens_before_next(), events_.tokens());
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
    const bool failed = events_.tokens_before_next() >= behaviour_.error_after_tokens;
    const bool ends = failed || events_.finished();
    if (!ends || failed || behaviour_.done) {
      begin_event(event);
      if (failed) {
        event.append(refusal_body(behaviour_));
      } else if (ends) {
        event.append("[DONE]");
      } else {
        events_.append_next(event);
      }
      end_event(event, out);
    }
    if (!ends) continue;
    framer_.append_end(out);
    return Then::kEnd;
  }
}

void StreamFeed::begin_event(std::string& event) const {
  event.clear();
  if (behaviour_.comments) event.append(": still here").append(behaviour_.line_end);
  event.append("data: ");
}

void StreamFeed::end_event(std::string& event, std::string& out) {
  event.append(behaviour_.line_end).append(behaviour_.line_end);
  framer_.append_data(out, event);
  ++events_sent_;
}

}  // namespace penstock::sim
