#pragma once

// AnswerBody: what happens to the bytes of an answer, by its kind.
//
// In events and JSON, the client's name for the model replaces the upstream's; everything else
// passes unchanged. It also decides, at the end, whether the answer itself says that it is whole.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "gateway/answer_head.h"
#include "gateway/responder.h"
#include "wire/apis/api.h"
#include "wire/bodies/json_rewriter.h"
#include "wire/bodies/sse_rewriter.h"

namespace penstock::gateway {

class AnswerBody {
 public:
  // What the upstream's framing says about the end. A closed connection says nothing: the text
  // itself must then be complete.
  enum class End : std::uint8_t { kFramed, kByClose };
  struct Options {
    wire::Api api = wire::Api::kCompletions;
    std::string_view model;                   // the client's name for it
    const wire::ModelNames* names = nullptr;  // if it has not named any; outlive the body
    End end = End::kFramed;
    wire::DoneEvent done = wire::DoneEvent::kPass;
    std::size_t event_bytes_max = 1024 * 1024;  // of one event that are held until it ends
  };
  AnswerBody(BodyKind kind, const Options& options);

  // Appends what is to be passed on to `out`, which must end with the held() bytes of the calls
  // before. No part of an event may be sent before it has ended.
  void feed(std::string_view piece, std::string& out);
  void finish(std::string& out);
  std::size_t held() const;
  // Events that were too large to be held until their end.
  std::size_t events_passed_in_part() const;

  // After finish(): whether the answer is whole. A stream states its end, by the law of its API
  // (wire/apis/event_law.h); it was cut if it just ends, whatever the framing says, or ends inside
  // an event, and is not whole after an error. Only in an API whose ends are not known may it just
  // end. A JSON text that begins as an object must end as one.
  bool is_whole() const;

  // A stream has stated its end, or an error: little can follow, even if the upstream does not end
  // the answer.
  bool is_over() const;

  // The upstream has reported an error in its stream.
  bool saw_error() const;

  // The error event with which a stream began, in what feed() or finish() has just appended to
  // `out`; else empty.
  std::string_view first_error(std::string_view out) const;

  // How often the answer has progressed. Comments, empty data and events without a choice, which
  // only keep a connection open, do not count; nor does white space before a JSON text.
  std::uint64_t progress() const;

  // Whether an error event can be added to what may be sent, and how.
  Responder::ErrorEvent error_event() const;

  // The number that an error event would have, in an API that numbers events.
  std::uint64_t next_sequence() const;

  // The counts that the answer states, if any.
  std::optional<wire::Usage> usage() const;

 private:
  const End end_;
  bool complete_ = false;   // the JSON text is a complete object
  bool truncated_ = false;  // it began as one, and is incomplete
  std::uint64_t pieces_ = 0;
  std::variant<std::monostate, wire::SseRewriter, wire::JsonRewriter> rewriter_;
};

}  // namespace penstock::gateway
