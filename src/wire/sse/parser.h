#pragma once

// SseParser: takes a stream of server-sent events apart (WHATWG HTML, section 9.2.6: lines end in
// LF, CR or CRLF; a leading byte order mark; comments; several `data` lines; an optional space
// after the colon).
//
// The stream arrives in pieces, and what the parser tells its sink does not depend on how it is
// cut. It keeps nothing of the data: the sink gets each byte of the stream once, in order, in the
// call that brought it. One object belongs to one stream and one thread. It allocates nothing,
// except for an event's name of more than a few bytes.
//
// A sink has these functions:
//
//   void pass(std::string_view bytes);  // what is not the value of a `data` field
//   void pass(char byte);               // the same
//   void begin_data();                  // a `data` field has begun
//   void data(std::string_view part);   // the next part of its value
//   void end_data();                    // it has ended; its line end passes next
//   void end_event(std::string_view name);  // at the empty line; `name` may be empty
//   void between_events();              // a line has ended that does not belong to an event
//   void pass_line_feed();              // the second byte of a line end, after any of the above

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/text.h"
#include "wire/json/bytes.h"

namespace penstock::wire {

class SseParser {
 public:
  // The longest event name that is told; a longer one is cut.
  static constexpr std::size_t kNameBytesMax = 64;

  template <class Sink>
  void feed(std::string_view piece, Sink& sink);

  // Whether a field of an event has arrived, and its empty line has not.
  bool inside_event() const { return inside_event_; }
  // Of the current event, without surrounding white space.
  std::string_view event_name() const {
    return event_name_.empty() ? std::string_view() : trim(event_name_);
  }

 private:
  enum class Line : std::uint8_t {
    kBom,    // at the stream's start, matched_ bytes of a byte order mark seen
    kStart,  // at the start of a line
    kField,  // matched_ bytes of field_ seen
    kSpace,  // after `data:`
    kData,   // in the value of a `data` field
    kName,   // in the value of an `event` field
    kOther,  // in a comment or another field
  };

  static constexpr std::string_view kDataField = "data";
  static constexpr std::string_view kNameField = "event";

  static bool is_line_end(char c) { return c == '\n' || c == '\r'; }
  static std::string_view between(const char* begin, const char* end) {
    return {begin, static_cast<std::size_t>(end - begin)};
  }

  // Each takes bytes from `at` on and returns where it stopped, at `end` at the latest.
  template <class Sink>
  const char* step(const char* at, const char* end, Sink& sink);
  template <class Sink>
  const char* start_line(const char* at, const char* end, Sink& sink);
  template <class Sink>
  const char* match_bom(const char* at, Sink& sink);
  template <class Sink>
  const char* match_field(const char* at, Sink& sink);
  template <class Sink>
  const char* take_data(const char* at, const char* end, Sink& sink);
  template <class Sink>
  const char* take_other(const char* at, const char* end, Sink& sink);
  template <class Sink>
  void end_line(const char* line_end, Sink& sink);
  template <class Sink>
  void end_event(const char* line_end, Sink& sink);

  Line line_ = Line::kBom;
  std::uint8_t matched_ = 0;
  bool after_return_ = false;  // a line feed that comes next belongs to a carriage return
  bool inside_event_ = false;
  std::string_view field_;  // the field that the line may be
  std::string event_name_;  // as written
};

template <class Sink>
void SseParser::feed(std::string_view piece, Sink& sink) {
  const char* at = piece.data();
  const char* const end = at + piece.size();
  while (at != end) {
    if (after_return_) {
      after_return_ = false;
      if (*at != '\n') continue;
      sink.pass_line_feed();
      if (!inside_event_) sink.between_events();
      ++at;
    } else if (line_ == Line::kStart && is_line_end(*at)) {
      end_event(at++, sink);
    } else {
      at = step(at, end, sink);
    }
  }
}

template <class Sink>
const char* SseParser::step(const char* at, const char* end, Sink& sink) {
  switch (line_) {
    case Line::kBom:
      return match_bom(at, sink);
    case Line::kStart:
      return start_line(at, end, sink);
    case Line::kField:
      return match_field(at, sink);
    case Line::kSpace:
      line_ = Line::kData;
      if (*at != ' ') return at;
      sink.pass(*at);
      return at + 1;
    case Line::kData:
      return take_data(at, end, sink);
    case Line::kName:
    case Line::kOther:
      return take_other(at, end, sink);
  }
  return end;
}

template <class Sink>
const char* SseParser::match_bom(const char* at, Sink& sink) {
  if (*at != kByteOrderMark[matched_]) {
    // A part of the mark is the start of a line like any other.
    line_ = matched_ == 0 ? Line::kStart : Line::kOther;
    inside_event_ = matched_ != 0;
    return at;
  }
  sink.pass(*at);
  if (++matched_ == kByteOrderMark.size()) {
    line_ = Line::kStart;
    sink.between_events();
  }
  return at + 1;
}

// The first byte of a non-empty line.
template <class Sink>
const char* SseParser::start_line(const char* at, const char* end, Sink& sink) {
  // The line that nearly every event consists of, if enough of it is here.
  constexpr std::string_view kDataLine = "data:";
  const std::string_view line = between(at, end);
  if (line.size() > kDataLine.size() + 1 && line.starts_with(kDataLine)) {
    const char* const data = at + kDataLine.size() + (line[kDataLine.size()] == ' ' ? 1 : 0);
    inside_event_ = true;
    line_ = Line::kData;
    sink.pass(between(at, data));
    sink.begin_data();
    return data;
  }
  if (*at == ':') {
    line_ = Line::kOther;
    return at;
  }
  matched_ = 0;
  field_ = *at == kNameField.front() ? kNameField : kDataField;
  line_ = Line::kField;
  inside_event_ = true;
  return at;
}

template <class Sink>
const char* SseParser::match_field(const char* at, Sink& sink) {
  const bool ends = matched_ == field_.size() && (*at == ':' || is_line_end(*at));
  if (ends && field_ == kNameField) {
    event_name_.clear();
    line_ = Line::kName;
    if (*at != ':') return at;
  } else if (ends) {
    sink.begin_data();
    line_ = Line::kData;
    if (*at != ':') return at;
    line_ = Line::kSpace;
  } else if (matched_ < field_.size() && *at == field_[matched_]) {
    ++matched_;
  } else {
    line_ = Line::kOther;
    return at;
  }
  sink.pass(*at);
  return at + 1;
}

template <class Sink>
const char* SseParser::take_data(const char* at, const char* end, Sink& sink) {
  const char* const stop = find_any<'\n', '\r'>(at, end);
  sink.data(between(at, stop));
  if (stop == end) return end;
  sink.end_data();
  end_line(stop, sink);
  return stop + 1;
}

template <class Sink>
const char* SseParser::take_other(const char* at, const char* end, Sink& sink) {
  const char* const stop = find_any<'\n', '\r'>(at, end);
  const std::string_view part = between(at, stop);
  sink.pass(part);
  if (line_ == Line::kName) {
    event_name_.append(part.substr(0, kNameBytesMax - event_name_.size()));
  }
  if (stop == end) return end;
  end_line(stop, sink);
  return stop + 1;
}

template <class Sink>
void SseParser::end_line(const char* line_end, Sink& sink) {
  sink.pass(*line_end);
  line_ = Line::kStart;
  after_return_ = *line_end == '\r';
  if (!inside_event_) sink.between_events();
}

template <class Sink>
void SseParser::end_event(const char* line_end, Sink& sink) {
  sink.pass(*line_end);
  after_return_ = *line_end == '\r';
  inside_event_ = false;
  sink.end_event(event_name());
  if (!event_name_.empty()) event_name_.clear();
}

}  // namespace penstock::wire
