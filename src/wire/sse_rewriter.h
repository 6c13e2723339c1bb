#pragma once

// Replaces the top-level `model` in every event of a server-sent event stream that arrives in
// pieces (WHATWG HTML, section 9.2.6: lines end in LF, CR or CRLF; a leading byte order mark;
// comments; several `data:` lines; an optional space after the colon).
//
// All bytes pass as they came, line ends, comments and unknown fields included; only the model's
// value inside the data is replaced, also where the data is spread over several `data:` lines.
// Nothing is held back but the start of a `model` value whose end has not arrived, and, under
// SseDone stripping, the bytes of an event that may still turn out to be `data: [DONE]`.
//
// What comes out does not depend on how the stream is cut into pieces. One object belongs to one
// answer and one thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "wire/json_rewriter.h"

namespace penstock::wire {

// What becomes of the event whose data is exactly `[DONE]`. Stripped, it leaves nothing behind:
// its lines from the first `data` on and its empty line are dropped; where other fields came
// before (an `id:`, say), these have passed already, and the empty line passes too.
enum class DoneEvent : bool { kPass, kStrip };

class SseRewriter {
 public:
  // `event_bytes_max`: more bytes in one event are an error (its empty line counts; a line feed
  // behind a carriage return does not).
  SseRewriter(std::string_view model, DoneEvent done, std::size_t event_bytes_max);

  // Feeds the next piece; appends to `out` what is to be passed on. Fails with
  // kUpstreamInvalidResponse where an event is larger than the limit; what was appended before
  // that may still be sent. Nothing is fed after that.
  Status feed(std::string_view piece, std::string& out);

  // The stream has ended: appends what is still held. A last event without an empty line behind
  // it passes too, as it came, and counts; a `[DONE]` is recognised there as well. Nothing is fed
  // after this.
  void finish(std::string& out);

  // Whether the output so far ends between two events, so that another event may follow: no field
  // of an unfinished event and no part of a line stands at its end.
  bool at_event_boundary() const;

  bool saw_done() const { return saw_done_; }
  // Events with data, [DONE] excluded.
  std::size_t events() const { return events_; }
  const JsonRewriter& json() const { return json_; }

 private:
  enum class Line : std::uint8_t {
    kBom,    // at the stream's start, matched_ bytes of a byte order mark seen
    kStart,  // at the start of a line
    kName,   // matched_ bytes of `data` seen
    kSpace,  // behind `data:`
    kData,   // in the data of a `data` line
    kOther,  // in a comment or another field
  };
  // What the data of the event in hand is, as far as it has arrived.
  enum class Data : std::uint8_t {
    kNone,       // no `data` line yet
    kMaybeDone,  // the first done_matched_ bytes of [DONE], in one line
    kJson,       // anything else: it goes through json_
    kArray,      // begins as [DONE] does and goes on otherwise: no JSON object, it passes
  };
  // What becomes of a line feed that follows: one line end together with a carriage return.
  enum class Feed : std::uint8_t { kNone, kPass, kDrop };

  // Each takes bytes from `at` on and returns where it stopped, at `end` at the latest.
  const char* step(const char* at, const char* end, std::string& out);
  const char* start_line(const char* at, const char* end, std::string& out);
  const char* match_bom(const char* at, std::string& out);
  const char* match_name(const char* at, std::string& out);
  const char* take_data(const char* at, const char* end, std::string& out);
  const char* take_other(const char* at, const char* end, std::string& out);

  void begin_data_line(std::string& out);
  void end_line(char line_end, std::string& out);
  void end_event(char line_end, std::string& out);
  std::string_view match_done(std::string_view data, std::string& out);

  void pass(std::string_view bytes, std::string& out);
  void release(std::string& out);
  bool is_done() const;

  JsonRewriter json_;
  bool saw_done_ = false;
  std::size_t events_ = 0;

  const DoneEvent done_;
  const std::size_t event_bytes_max_;
  std::size_t event_bytes_ = 0;  // of the event in hand
  Line line_ = Line::kBom;
  Data data_ = Data::kNone;
  Feed feed_ = Feed::kNone;
  std::uint8_t matched_ = 0;
  std::uint8_t done_matched_ = 0;
  bool event_open_ = false;  // a field of the event in hand is in the output
  bool holding_ = false;     // the event's bytes go to held_
  std::string held_;
};

}  // namespace penstock::wire
