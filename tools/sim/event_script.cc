#include "sim/event_script.h"

#include <chrono>
#include <utility>

#include "sim/json_text.h"

namespace penstock::sim {
namespace {

// As the last member, so that events of one stream begin alike, like those of real services.
void append_stamp(std::string& out) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  out.pop_back();
  out.append(",\"stamp_ns\":");
  append_count(out, static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count()));
  out.push_back('}');
}

}  // namespace

void EventScript::add(std::string type, std::string data) {
  segments_.push_back({std::move(type), {.before = std::move(data), .after = {}}, {}, false});
}

void EventScript::add_run(std::string type, Wording wording, Frame frame) {
  if (wording.tokens() == 0) return;
  tokens_ += wording.tokens();
  segments_.push_back({std::move(type), std::move(frame), std::move(wording), true});
}

void EventScript::skip(std::uint64_t events) {
  while (events-- > 0 && !finished()) step();
}

void EventScript::append_next(std::string& out) {
  const Segment& segment = segments_[next_];
  const Frame& frame = segment.frame;
  out.append(frame.before);
  if (segment.run) {
    if (frame.number) append_count(out, *frame.number + token_);
    out.append(frame.middle).append(segment.wording.token(token_)).append(frame.after);
  }
  if (stamp_) append_stamp(out);
  step();
}

void EventScript::step() {
  ++events_passed_;
  const Segment& segment = segments_[next_];
  if (segment.run && ++token_ < segment.wording.tokens()) return;
  tokens_before_ += token_;
  token_ = 0;
  ++next_;
}

}  // namespace penstock::sim
