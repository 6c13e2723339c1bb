#include "wire/bodies/sse_rewriter.h"

#include <string>

namespace penstock::wire {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\f' || c == '\v';
}

std::string_view mark_of(const EventLaw& law) {
  for (const EventRule& rule : law.rules) {
    if (rule.place == EventRule::Place::kMark) return rule.texts.front();
  }
  return {};
}

}  // namespace

SseRewriter::SseRewriter(std::string_view model, const EventLaw& law, DoneEvent done,
                         std::size_t held_bytes_max, const ModelNames* names)
    : end_(law),
      json_(model, end_, names),
      mark_(mark_of(law)),
      done_(done),
      held_bytes_max_(held_bytes_max) {}

struct SseRewriter::Sink {
  SseRewriter& rewriter;
  std::string& out;

  void pass(std::string_view bytes) {
    rewriter.drops_line_feed_ = false;
    out.append(bytes);
  }
  void pass(char byte) {
    rewriter.drops_line_feed_ = false;
    out.push_back(byte);
  }
  void pass_line_feed() {
    if (!rewriter.drops_line_feed_) out.push_back('\n');
  }
  void begin_data() {
    if (rewriter.data_ != Data::kNone) return;
    rewriter.data_ = Data::kMark;
    rewriter.mark_matched_ = 0;
  }
  void data(std::string_view part) { rewriter.take_data(part, out); }
  void end_data() { rewriter.end_data(out); }
  void end_event(std::string_view name) { rewriter.end_event(name, out); }
  void between_events() { rewriter.event_begins_at(out.size()); }
};

void SseRewriter::feed(std::string_view piece, std::string& out) {
  begin_ = out.size() - held_;
  first_error_bytes_ = 0;
  Sink sink{*this, out};
  parser_.feed(piece, sink);
  held_ = out.size() - begin_;
  if (held_ > held_bytes_max_ && !passing_) {
    passing_ = true;
    ++passed_in_part_;
  }
  if (passing_) held_ = 0;
}

void SseRewriter::finish(std::string& out) {
  begin_ = out.size() - held_;
  if (has_mark()) {
    end_marked_event(out);
  } else if (parser_.inside_event()) {
    const bool complete = data_ == Data::kJson && json_.complete();
    json_.finish(out);
    if (complete) {
      count(StreamEnd::Event::kComplete, parser_.event_name(), out.size());
      passing_ = true;  // its empty line is missing: what is added must not become a part of it
    } else {
      broke_off_ = true;
      if (!passing_) out.resize(begin_);
    }
  }
  held_ = 0;
}

void SseRewriter::take_data(std::string_view part, std::string& out) {
  if (data_ == Data::kMark) {
    // As in nearly every event.
    if (mark_matched_ == 0 && part.starts_with('{')) {
      data_ = Data::kJson;
    } else {
      part = match_mark(part, out);
    }
  }
  if (data_ == Data::kJson) {
    json_.feed(part, out);
  } else {
    out.append(part);
  }
}

// Before the line end passes: held bytes belong to this line.
void SseRewriter::end_data(std::string& out) {
  if (data_ == Data::kJson) json_.line_break(out);
  // A mark does not continue in the next line.
  if (data_ == Data::kMark && mark_matched_ != 0 && !has_mark()) data_ = Data::kText;
}

// Removes what continues the mark from the front of `data`, and returns the rest. If there is a
// rest, the question is decided.
std::string_view SseRewriter::match_mark(std::string_view data, std::string& out) {
  std::size_t taken = 0;
  for (; taken < data.size(); ++taken) {
    const bool may_be_space = mark_matched_ == 0 || has_mark();
    if (may_be_space && is_space(data[taken])) continue;
    if (has_mark() || mark_.empty() || data[taken] != mark_[mark_matched_]) break;
    ++mark_matched_;
  }
  out.append(data.substr(0, taken));
  data.remove_prefix(taken);
  if (!data.empty()) data_ = mark_matched_ == 0 ? Data::kJson : Data::kText;
  return data;
}

// After the empty line has passed.
void SseRewriter::end_event(std::string_view name, std::string& out) {
  if (has_mark()) {
    end_marked_event(out);
  } else if (data_ == Data::kJson) {
    const bool complete = json_.complete();
    json_.finish(out);
    count(complete ? StreamEnd::Event::kComplete : StreamEnd::Event::kBroken, name, out.size());
  } else if (data_ != Data::kNone) {
    count(data_ == Data::kText ? StreamEnd::Event::kText : StreamEnd::Event::kEmpty, name,
          out.size());
  }
  data_ = Data::kNone;
  event_begins_at(out.size());
}

// What the current event says counts: its name, and its data unless that is the mark. It ends at
// `place`.
void SseRewriter::count(StreamEnd::Event event, std::string_view name, std::size_t place) {
  const bool saw_error = end_.saw_error();
  end_.end_event(event, name);
  if (saw_error || !end_.error_came_first() || passing_) return;
  first_error_begin_ = begin_;
  first_error_bytes_ = place - begin_;
}

// The whole event is at the end of the output, unless it is too large.
void SseRewriter::end_marked_event(std::string& out) {
  const bool counts = end_.end_stream();
  if (counts && done_ == DoneEvent::kPass) return;
  if (passing_ || out.size() - begin_ > held_bytes_max_) return;
  out.resize(begin_);
  drops_line_feed_ = true;
}

// Nothing before `place` belongs to the current event.
void SseRewriter::event_begins_at(std::size_t place) {
  begin_ = place;
  passing_ = false;
}

}  // namespace penstock::wire
