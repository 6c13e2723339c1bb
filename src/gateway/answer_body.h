#pragma once

// AnswerBody: what happens to the bytes of an answer on their way, by its kind.
//
// Events and JSON get the client's name for the model; everything else passes as it is. Beside
// that it tells, at the end, whether the answer says of itself that it is whole.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "gateway/answer_head.h"
#include "gateway/exchange.h"
#include "wire/json_rewriter.h"
#include "wire/sse_rewriter.h"

namespace penstock::gateway {

class AnswerBody {
 public:
  // How the upstream's framing tells the end. A closed connection tells nothing: the text itself
  // must then be complete.
  enum class End : std::uint8_t { kFramed, kByClose };
  struct Options {
    std::string_view model;  // the client's name for it
    End end = End::kFramed;
    wire::DoneEvent done = wire::DoneEvent::kPass;
    std::size_t event_bytes_max = 1024 * 1024;  // of one event that are held until it ends
  };
  AnswerBody(BodyKind kind, const Options& options);

  // Appends what is to be passed on to `out`, which must end with the held() bytes of the calls
  // before. Of an event nothing may be sent before it has ended.
  void feed(std::string_view piece, std::string& out);
  void finish(std::string& out);
  std::size_t held() const;
  // Events that were too large to be held until their end.
  std::size_t events_passed_in_part() const;

  // After finish(): whether nothing speaks against the answer being whole. A stream says how it
  // ended, by the law of its API (wire/end_law.h). One that just ends was cut, whatever the framing
  // says; one that ends inside an event was cut; and one that has told of an error is not whole. A
  // JSON text that begins as an object ends as one.
  bool is_whole() const;

  // The upstream has said, in its stream, that it failed.
  bool saw_error() const;

  // How often the answer has got on so far. Comments, empty data and events without a choice, which
  // only keep a connection open, do not count; nor does white space before a JSON text.
  std::uint64_t progress() const;

  // Whether an event can be added to what may be sent, and how.
  Exchange::ErrorEvent error_event() const;

  // The usage object that the answer states, as its text; empty where there is none.
  std::string_view usage() const;

 private:
  const End end_;
  bool complete_ = false;   // the JSON text is a complete object
  bool truncated_ = false;  // it has begun as one, and is not
  std::uint64_t pieces_ = 0;
  std::variant<std::monostate, wire::SseRewriter, wire::JsonRewriter> rewriter_;
};

}  // namespace penstock::gateway
