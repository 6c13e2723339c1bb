#pragma once

// Behaviour: how an answer is sent: its length, its pace, and everything that goes wrong with it.
//
// The command line sets the defaults of a whole run; a request overrides them by a top-level object
// `sim` in its JSON body, which a gateway that forwards bodies unchanged passes on. The keys of
// that object are the names of the members below; docs/simulator.md lists them.

#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace penstock::sim {

// How the answer's body is delimited, in order or not (RFC 9112 section 6).
enum class BodyFraming : std::uint8_t {
  kNatural,           // Content-Length for a whole answer, chunked for a stream
  kChunked,           // always chunked
  kUntilClose,        // neither: the end of the connection is the end of the body
  kBadChunk,          // chunked; the second chunk's size is not a number
  kShortBody,         // Content-Length one more than what is sent; whole answers only
  kExtraBytes,        // in order, with rubbish after the end
  kLengthAndChunked,  // both fields; the body is chunked
};

class Scenario;

enum class CutKind : std::uint8_t { kClose, kReset };

// The form of the event that ends a stream which fails. Other APIs than Responses have one only.
enum class ErrorEvent : std::uint8_t {
  kError,
  kFailedResponse,  // `response.failed`, with the whole response object
};

struct Header {
  std::string name;
  std::string value;
};

struct StreamEvent {
  std::string type;  // of the `event:` line; empty: none
  std::string data;
};

struct Behaviour {
  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  // Pace. A whole answer is sent when a stream would have ended.
  std::chrono::nanoseconds first_token{0};
  double tokens_per_second = 0;        // 0: no pause between tokens
  bool in_step = false;                // answers of one pace send tokens at the same moments
  std::uint64_t tokens = 32;           // fewer if the request's max_tokens says so
  std::uint64_t reasoning_tokens = 8;  // before the answer, where a request asks for reasoning
  std::uint64_t media_bytes = 4096;    // of an image or a sound
  std::uint64_t seed = 1;              // of the answer's text and of random cuts
  std::uint64_t events_per_write = 0;  // 0: as many as are due

  // What the model says and calls, by rules; null: made-up prose.
  std::shared_ptr<const Scenario> scenario;

  // A stream consists of these events, whatever was asked, each at the pace of a token; empty: no.
  std::vector<StreamEvent> events;

  // This status instead of an answer, where it is not 0.
  int status = 0;
  std::string message;          // of the error object; empty: the status' name
  std::string body;             // instead of an error object; sent as text/plain if it is not JSON
  std::vector<Header> headers;  // added to every answer, refusal or not
  // In a stream: 200, so many tokens, then an error event instead of the rest.
  std::uint64_t error_after_tokens = kNever;
  std::uint64_t error_after_events = kNever;  // the same, by events: after the role, for example
  int error_status = 500;                     // which the error event stands for
  ErrorEvent error_event = ErrorEvent::kError;

  // Silence after so many tokens: for `stall`, or until the client leaves if that is 0.
  std::uint64_t stall_after_tokens = kNever;
  std::uint64_t stall_after_events = kNever;  // a whole answer is then silent before its head
  std::chrono::nanoseconds stall{0};

  // The connection ends after so many events, or bytes of the answer: with its head, or without.
  std::uint64_t cut_after_events = kNever;
  std::uint64_t cut_after_bytes = kNever;
  std::uint64_t cut_after_body_bytes = kNever;  // the body's framing counts
  CutKind cut = CutKind::kClose;

  // Each write, and chunk of a chunked body, has a random size from 1 to this; 0: uncut.
  std::uint64_t piece_bytes_max = 0;
  BodyFraming framing = BodyFraming::kNatural;
  bool finish = true;           // a stream has its event with a finish_reason
  bool done = true;             // a stream ends with [DONE]
  std::string line_end = "\n";  // of the lines of a stream's events
  bool comments = false;        // a comment before each event

  std::chrono::nanoseconds head_delay{0};  // before the first byte of the answer
  std::chrono::nanoseconds head_pause{0};  // inside the status line
};

// Sets what `object`, the text of a JSON object, names. Fails with kInvalidRequest and a message
// that names the unknown key or the unsuitable value's key; `behaviour` is then partly set.
Status apply_overrides(std::string_view object, Behaviour& behaviour);

}  // namespace penstock::sim
