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

#include "core/result.h"
#include "gateway/answer_head.h"
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
    std::size_t event_bytes_max = 1024 * 1024;
  };
  AnswerBody(BodyKind kind, const Options& options);

  // Appends what is to be passed on. Fails as wire::SseRewriter::feed() does.
  Status feed(std::string_view piece, std::string& out);
  void finish(std::string& out);

  // After finish(): whether nothing speaks against the answer being whole. A stream of generated
  // text says how it ended: by `[DONE]`, by a finish_reason, or by an error; one that just ends
  // was cut, whatever the framing says, and so was one that ends inside an event.
  bool is_whole() const;

  // What must precede an event that is added to the output.
  std::string_view event_separator() const;

  // The usage object that the answer states, as its text; empty where there is none.
  std::string_view usage() const;

 private:
  const wire::JsonRewriter* json() const;

  const End end_;
  bool ends_complete_ = false;  // the text does not break off inside an event or object
  std::variant<std::monostate, wire::SseRewriter, wire::JsonRewriter> rewriter_;
};

}  // namespace penstock::gateway
