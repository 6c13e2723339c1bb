#include "wire/bodies/sse_rewriter.h"

#include <string>

#include "core/text.h"
#include "wire/json/bytes.h"

namespace penstock::wire {
namespace {

constexpr std::string_view kDataName = "data";
constexpr std::string_view kEventName = "event";
constexpr std::size_t kEventNameBytesMax = 64;
constexpr std::string_view kDataField = "data:";

std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

bool is_line_end(char c) {
  return c == '\n' || c == '\r';
}

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
                         std::size_t held_bytes_max)
    : end_(law),
      json_(model, end_),
      mark_(mark_of(law)),
      done_(done),
      held_bytes_max_(held_bytes_max) {}

void SseRewriter::feed(std::string_view piece, std::string& out) {
  const char* at = piece.data();
  const char* const end = at + piece.size();
  begin_ = out.size() - held_;
  first_error_bytes_ = 0;
  while (at != end) {
    if (after_return_) {
      after_return_ = false;
      if (*at != '\n') continue;
      if (!drop_feed_) out.push_back('\n');
      if (!event_open_) event_begins_at(out.size());
      ++at;
    } else if (line_ == Line::kStart && is_line_end(*at)) {
      end_event(*at++, out);
    } else {
      at = step(at, end, out);
    }
  }
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
  } else if (event_open_) {
    const bool complete = data_ == Data::kJson && json_.complete();
    json_.finish(out);
    if (complete) {
      end_data(StreamEnd::Event::kComplete, out.size());
      passing_ = true;  // its empty line is missing: what is added must not become a part of it
    } else {
      broke_off_ = true;
      if (!passing_) out.resize(begin_);
    }
  }
  held_ = 0;
}

const char* SseRewriter::step(const char* at, const char* end, std::string& out) {
  switch (line_) {
    case Line::kBom:
      return match_bom(at, out);
    case Line::kStart:
      return start_line(at, end, out);
    case Line::kName:
      return match_name(at, out);
    case Line::kSpace:
      line_ = Line::kData;
      if (*at != ' ') return at;
      out.push_back(' ');
      return at + 1;
    case Line::kData:
      return take_data(at, end, out);
    case Line::kEvent:
    case Line::kOther:
      return take_other(at, end, out);
  }
  return end;
}

const char* SseRewriter::match_bom(const char* at, std::string& out) {
  if (*at != kByteOrderMark[matched_]) {
    // A part of the mark is the start of a line like any other.
    line_ = matched_ == 0 ? Line::kStart : Line::kOther;
    event_open_ = matched_ != 0;
    return at;
  }
  out.push_back(*at);
  if (++matched_ == kByteOrderMark.size()) {
    line_ = Line::kStart;
    event_begins_at(out.size());
  }
  return at + 1;
}

// The first byte of a non-empty line.
const char* SseRewriter::start_line(const char* at, const char* end, std::string& out) {
  // The line that nearly every event consists of, if enough of it is here: JSON data.
  const std::string_view line = between(at, end);
  if (data_ == Data::kNone && line.size() > kDataField.size() + 1 && line.starts_with(kDataField)) {
    const char* const data = at + kDataField.size() + (line[kDataField.size()] == ' ' ? 1 : 0);
    if (*data == '{') {
      data_ = Data::kJson;
      event_open_ = true;
      line_ = Line::kData;
      out.append(at, data);
      return data;
    }
  }
  if (*at == ':') {
    line_ = Line::kOther;
    return at;
  }
  matched_ = 0;
  name_ = *at == kEventName.front() ? kEventName : kDataName;
  line_ = Line::kName;
  event_open_ = true;
  return at;
}

const char* SseRewriter::match_name(const char* at, std::string& out) {
  const bool whole = matched_ == name_.size();
  if (whole && name_ == kEventName && (*at == ':' || is_line_end(*at))) {
    event_name_.clear();
    line_ = Line::kEvent;
    if (*at != ':') return at;
  } else if (whole && (*at == ':' || is_line_end(*at))) {
    if (data_ == Data::kNone) {
      data_ = Data::kMark;
      mark_matched_ = 0;
    }
    line_ = Line::kData;
    if (*at != ':') return at;
    line_ = Line::kSpace;
  } else if (!whole && *at == name_[matched_]) {
    ++matched_;
  } else {
    line_ = Line::kOther;
    return at;
  }
  out.push_back(*at);
  return at + 1;
}

const char* SseRewriter::take_data(const char* at, const char* end, std::string& out) {
  const char* const stop = find_any<'\n', '\r'>(at, end);
  std::string_view data = between(at, stop);
  if (data_ == Data::kMark) data = match_mark(data, out);
  if (data_ == Data::kJson) {
    json_.feed(data, out);
  } else {
    out.append(data);
  }
  if (stop == end) return end;
  // Before the line end passes: held bytes belong to this line.
  if (data_ == Data::kJson) json_.line_break(out);
  // A mark does not continue in the next line.
  if (data_ == Data::kMark && mark_matched_ != 0 && !has_mark()) data_ = Data::kText;
  end_line(*stop, out);
  return stop + 1;
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

const char* SseRewriter::take_other(const char* at, const char* end, std::string& out) {
  const char* const stop = find_any<'\n', '\r'>(at, end);
  out.append(at, stop);
  if (line_ == Line::kEvent) {
    const std::string_view part = between(at, stop);
    event_name_.append(part.substr(0, kEventNameBytesMax - event_name_.size()));
  }
  if (stop == end) return end;
  end_line(*stop, out);
  return stop + 1;
}

void SseRewriter::end_line(char line_end, std::string& out) {
  out.push_back(line_end);
  line_ = Line::kStart;
  after_return_ = line_end == '\r';
  drop_feed_ = false;
  if (!event_open_) event_begins_at(out.size());
}

// At the empty line after an event.
void SseRewriter::end_event(char line_end, std::string& out) {
  out.push_back(line_end);
  after_return_ = line_end == '\r';
  drop_feed_ = false;
  if (has_mark()) {
    end_marked_event(out);
  } else if (data_ == Data::kJson) {
    const bool complete = json_.complete();
    json_.finish(out);
    end_data(complete ? StreamEnd::Event::kComplete : StreamEnd::Event::kBroken, out.size());
  } else if (data_ != Data::kNone) {
    end_data(data_ == Data::kText ? StreamEnd::Event::kText : StreamEnd::Event::kEmpty, out.size());
  }
  event_name_.clear();
  data_ = Data::kNone;
  event_open_ = false;
  event_begins_at(out.size());
}

// What the current event says counts: its name, and its data unless that is the mark. It ends at
// `place`.
void SseRewriter::end_data(StreamEnd::Event event, std::size_t place) {
  const bool saw_error = end_.saw_error();
  end_.end_event(event, trim(event_name_));
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
  drop_feed_ = true;
}

// Nothing before `place` belongs to the current event.
void SseRewriter::event_begins_at(std::size_t place) {
  begin_ = place;
  passing_ = false;
}

}  // namespace penstock::wire
