#pragma once

// What went wrong, as a value.
//
// An Error says what happened (kind), whether another attempt may help (retry) and which limit was
// reached, if any (limit). It is made where the cause is known and travels unchanged to the one
// place that turns it into an answer (wire/apis/error_answer.h). The message is for the reader of
// the answer: it names the place, and never contains a secret or a byte of a body.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/limit.h"

namespace penstock {

enum class ErrorKind : std::uint8_t {
  // The client's request.
  kMalformedRequest,      // broken HTTP: the connection cannot be reused
  kInvalidRequest,        // valid HTTP, but not a request that can be served
  kInvalidApiKey,         // no key, or an unknown one
  kExpiredApiKey,         // the key is known, and its time has passed
  kDisabledApiKey,        // the key is known, and it or an owner above it is disabled
  kForbidden,             // the key is known, but does not permit this
  kModelNotAllowed,       // the key is known, but not for this model
  kModelNotFound,         // no upstream serves the requested model
  kNotFound,              // no such route or resource
  kConflict,              // the name is taken, or the resource has changed meanwhile
  kPreconditionFailed,    // the resource is not what the request's If-Match says
  kMethodNotAllowed,      // the route exists under other methods
  kUpgradeRequired,       // a WebSocket was asked for, and only HTTP is served
  kRequestTimeout,        // the client sent its request too slowly
  kBodyTooLarge,          // more body bytes than the limit
  kHeadTooLarge,          // more header bytes than the limit
  kTooManyFields,         // more header fields than the limit
  kUnsupportedMediaType,  // a content coding that the gateway does not read
  kExpectationFailed,     // an Expect other than 100-continue
  kNotImplemented,        // an unsupported method or transfer coding
  kVersionNotSupported,   // an HTTP version other than 1.0 and 1.1
  kClientGone,            // the client has closed its connection
  // The upstream's answer, or the lack of one.
  kUpstreamUnreachable,      // no connection: refused, no route, unknown host, TLS failed
  kUpstreamReset,            // the connection broke after bytes had been sent
  kUpstreamTimeout,          // connect, first byte or next byte took too long
  kUpstreamInvalidResponse,  // the answer is not HTTP, or exceeds a limit
  kUpstreamRedirect,         // a redirect that is not followed
  kUpstreamForbidden,        // the address that the caller chose is not permitted
  // The gateway itself.
  kOverloaded,               // a limit on connections or work is reached
  kRateLimited,              // all targets of the model are cooling down
  kKeyRequests,              // the key has had the requests of its rate
  kKeyTokens,                // the key has had the tokens, or the cost, of its rate
  kKeyConcurrency,           // the key has as many open requests as it may have
  kBudgetExceeded,           // a budget of the key, or of an owner above it, is spent
  kStoreUnavailable,         // what is asked for is in the store, which cannot be used now
  kPinnedTargetUnavailable,  // the only target that knows an object of the request
  kShuttingDown,             // the drain limit has passed
  kInternal,                 // a bug in Penstock
  // A cancelled wait. The caller knows the reason, and answers with that instead.
  kCancelled,
};

// Whether the same request may be sent again, judged by the failed attempt alone.
enum class RetryClass : std::uint8_t {
  kNever,            // the upstream may have acted on it, or it would fail again
  kNothingSent,      // no byte of the request was sent: another attempt is safe
  kStaleConnection,  // a reused connection was closed before any answer byte: the upstream had
                     // most likely closed it while idle
};

struct [[nodiscard]] Error {
  ErrorKind kind = ErrorKind::kInternal;
  RetryClass retry = RetryClass::kNever;
  std::optional<Limit> limit;
  std::string message;

  // A constructor keeps Error from being an aggregate: GCC 12 destroys temporary aggregates twice
  // inside co_await expressions.
  Error() = default;
  Error(ErrorKind kind_in, RetryClass retry_in, std::string message_in)
      : kind(kind_in), retry(retry_in), message(std::move(message_in)) {}

  // The same error, caused by a limit.
  Error at_limit(Limit reached) && {
    limit = reached;
    return std::move(*this);
  }

  // Errors are rare: [[gnu::cold]] makes the compiler move the code that leads here out of the
  // common path.
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

// The kind's name in logs, metrics and docs/errors.md: `upstream_timeout`.
std::string_view name_of(ErrorKind kind);

}  // namespace penstock
