#pragma once

// Which of an upstream's header fields reach the client, and what kind of body follows.

#include <cstdint>
#include <vector>

#include "http/head.h"

namespace penstock::gateway {

// The kinds of body that the relay handles differently.
enum class BodyKind : std::uint8_t {
  kNone,
  kEvents,      // text/event-stream
  kJson,        // application/json and application/*+json
  kError,       // of status 400 and above: JSON passes, other text is put into an error object
  kVerbatim,    // anything else
  kCoded,       // in a content coding that cannot be decoded (gateway/answer_source.h)
  kCodedError,  // likewise, of status 400 and above
};
BodyKind body_kind_of(const http::ResponseHead& head);

// Everything passes except fields about one connection (RFC 9110 section 7.6.1, and what Connection
// names), about the body's framing (the relay decides that), about the upstream's origin (cookies,
// Alt-Svc, Strict-Transport-Security, cross-origin rules), and x-request-id, which the exchange
// decides. Content-Encoding does not pass if the body is decoded or left out, nor Content-Type if
// it is left out.
class PassingFields {
 public:
  // Takes time linear in the size of the head. `fields` must outlive the object.
  PassingFields(const http::Fields& fields, BodyKind kind);

  // `field` is one of the fields passed to the constructor.
  bool contains(const http::Field& field) const;

 private:
  const http::Fields& fields_;
  http::FieldNames stopped_;
  // For each field, whether Connection names it; empty if Connection names none of them.
  std::vector<bool> named_;
};

}  // namespace penstock::gateway
