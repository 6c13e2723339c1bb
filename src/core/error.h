#pragma once

// What went wrong, as a value.
//
// An Error says what happened (kind), whether another attempt may help (retry) and which limit was
// reached, if it was one (limit). It is made where the cause is known and travels unchanged to the
// one place that turns it into an answer (wire/error_answer.h). The message is for the person who
// reads the answer: it names the place, and never contains a secret or a byte of somebody's body.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/limit.h"

namespace penstock {

enum class ErrorKind : std::uint8_t {
  // The client's request.
  kMalformedRequest,      // broken HTTP: the connection cannot be used any further
  kInvalidRequest,        // sound HTTP, but not a request that can be served
  kInvalidApiKey,         // no key, or one that is not known
  kForbidden,             // known, and not allowed to do this
  kModelNotFound,         // no upstream serves the model that was asked for
  kNotFound,              // no such route or resource
  kMethodNotAllowed,      // the route exists under other methods
  kRequestTimeout,        // the client was too slow in sending its request
  kBodyTooLarge,          // more body than the limit
  kHeadTooLarge,          // more header bytes than the limit
  kTooManyFields,         // more header fields than the limit
  kUnsupportedMediaType,  // a content coding that the gateway does not read
  kExpectationFailed,     // an Expect other than 100-continue
  kNotImplemented,        // a method or transfer coding that is not served
  kVersionNotSupported,   // an HTTP version other than 1.0 and 1.1
  kClientGone,            // nobody is left to be answered
  // The upstream's answer, or its absence.
  kUpstreamUnreachable,      // no connection: refused, no route, no such name, TLS failed
  kUpstreamReset,            // the connection broke after bytes had left
  kUpstreamTimeout,          // connect, first byte or next byte took too long
  kUpstreamInvalidResponse,  // what came back is not HTTP, or breaks a limit
  kUpstreamRedirect,         // it sends the request elsewhere, where it is not sent
  kUpstreamForbidden,        // the address that the caller chose may not be connected to
  // The gateway itself.
  kOverloaded,    // a limit on connections or work is reached
  kShuttingDown,  // the drain limit has passed
  kInternal,      // a fault of ours
  // A wait that was cancelled. Whoever waited knows why, and answers with that instead.
  kCancelled,
};

// Whether the same request may be sent again, seen from the failed attempt alone.
enum class RetryClass : std::uint8_t {
  kNever,            // bytes may have been acted on, or it would fail again
  kNothingSent,      // no byte of the request has left: another attempt is safe
  kStaleConnection,  // a reused connection was closed before any answer byte: the upstream had
                     // most likely closed it while idle
};

struct [[nodiscard]] Error {
  ErrorKind kind = ErrorKind::kInternal;
  RetryClass retry = RetryClass::kNever;
  std::optional<Limit> limit;
  std::string message;

  // A constructor, so that an Error is no aggregate: GCC 12 destroys temporary aggregates twice
  // inside co_await expressions.
  Error() = default;
  Error(ErrorKind kind_in, RetryClass retry_in, std::string message_in)
      : kind(kind_in), retry(retry_in), message(std::move(message_in)) {}

  // The same error, come of a limit.
  Error at_limit(Limit reached) && {
    limit = reached;
    return std::move(*this);
  }

  // Making one is the rare case: the compiler keeps the code that leads here out of the way of what
  // every request passes.
  [[gnu::cold]] static Error client(ErrorKind kind, std::string message) {
    return {kind, RetryClass::kNever, std::move(message)};
  }
  [[gnu::cold]] static Error upstream(ErrorKind kind, RetryClass retry, std::string message) {
    return {kind, retry, std::move(message)};
  }
  [[gnu::cold]] static Error gateway(ErrorKind kind, std::string message) {
    return {kind, RetryClass::kNever, std::move(message)};
  }
  [[gnu::cold]] static Error cancelled() { return gateway(ErrorKind::kCancelled, "cancelled"); }
};

// The kind's name as logs, metrics and docs/errors.md spell it: `upstream_timeout`.
std::string_view name_of(ErrorKind kind);

}  // namespace penstock
