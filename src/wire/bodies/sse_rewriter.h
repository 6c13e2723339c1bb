#pragma once

// Replaces the top-level `model` in every event of a server-sent event stream that arrives in
// pieces (WHATWG HTML, section 9.2.6: lines end in LF, CR or CRLF; a leading byte order mark;
// comments; several `data:` lines; an optional space after the colon).
//
// All bytes pass unchanged, including line ends, comments and unknown fields; only the model's
// value inside the data is replaced, also if the data spans several `data:` lines. In addition, it
// tells a StreamEnd what the events say.
//
// A client cannot use an event before its empty line. So its bytes are held at the end of the
// output until the event has ended: an incomplete one can be removed, and an error event that
// follows is read as such. Comments and line ends between events are not held. An event of more
// than `held_bytes_max` passes as it arrives, whatever its size.
//
// The output does not depend on how the stream is cut into pieces. One object belongs to one answer
// and one thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "wire/apis/event_law.h"
#include "wire/apis/stream_end.h"
#include "wire/bodies/json_rewriter.h"
#include "wire/sse/parser.h"

namespace penstock::wire {

// What to do with the event whose data is the mark that ends the stream (`[DONE]`). A stripped
// event leaves nothing. A mark that cannot be true (StreamEnd::end_stream()) never passes. An event
// of more than `held_bytes_max` always passes.
enum class DoneEvent : bool { kPass, kStrip };

class SseRewriter {
 public:
  // `model` and `names` as for a JsonRewriter.
  SseRewriter(std::string_view model, const EventLaw& law, DoneEvent done,
              std::size_t held_bytes_max, const ModelNames* names = nullptr);
  SseRewriter(const SseRewriter&) = delete;
  SseRewriter& operator=(const SseRewriter&) = delete;

  // Feeds the next piece and appends to `out`, which must end with the held() bytes of the calls
  // before. Then all of `out` except its last held() bytes may be sent.
  void feed(std::string_view piece, std::string& out);

  // The stream has ended in order: nothing is held any more. A last event without an empty line
  // passes and counts if its data is a complete object or the mark; an incomplete one is removed
  // from `out`. Nothing is fed after this.
  void finish(std::string& out);

  std::size_t held() const { return held_; }
  // Whether the bytes that may be sent end inside an event: one that was too large to hold, or a
  // last one without its empty line.
  bool inside_event() const { return passing_; }
  // Events that exceeded `held_bytes_max` before they ended.
  std::size_t passed_in_part() const { return passed_in_part_; }
  // After finish(): the stream ended inside an event.
  bool broke_off() const { return broke_off_; }

  // The error event with which the stream began, within what feed() or finish() has just appended
  // to `out`; empty where it began otherwise, or before that call.
  std::string_view first_error(std::string_view out) const {
    return out.substr(first_error_begin_, first_error_bytes_);
  }

  const StreamEnd& end() const { return end_; }
  UsageTexts usage() const { return json_.usage(); }

 private:
  // What the data of the current event is, as far as it has arrived.
  enum class Data : std::uint8_t {
    kNone,  // no `data` line yet
    kMark,  // white space, the first mark_matched_ bytes of the mark, white space if that is whole
    kJson,  // anything else: passed to json_
    kText,  // begins like the mark but continues differently: not a JSON object, passes
  };

  // What the parser tells goes here, with the output of the current call.
  struct Sink;

  std::string_view match_mark(std::string_view data, std::string& out);
  void take_data(std::string_view part, std::string& out);
  void end_data(std::string& out);
  void end_event(std::string_view name, std::string& out);
  void end_marked_event(std::string& out);
  void count(StreamEnd::Event event, std::string_view name, std::size_t place);
  void event_begins_at(std::size_t place);
  bool has_mark() const { return data_ == Data::kMark && mark_matched_ == mark_.size(); }

  SseParser parser_;
  StreamEnd end_;
  JsonRewriter json_;
  const std::string_view mark_;
  const DoneEvent done_;
  const std::size_t held_bytes_max_;

  std::size_t begin_ = 0;  // during a call: where the current event begins in the output
  std::size_t held_ = 0;   // between calls: its bytes at the end of the output
  std::size_t passed_in_part_ = 0;
  std::size_t first_error_begin_ = 0;
  std::size_t first_error_bytes_ = 0;
  Data data_ = Data::kNone;
  std::uint8_t mark_matched_ = 0;
  bool drops_line_feed_ = false;  // one that comes next belongs to an event that was dropped
  bool passing_ = false;          // the current event's bytes have been released
  bool broke_off_ = false;
};

}  // namespace penstock::wire
