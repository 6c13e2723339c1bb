#pragma once

// Which of an upstream's header fields reach the client, and what its body is.

#include <cstdint>
#include <vector>

#include "http/head.h"

namespace penstock::gateway {

// What kind of body an answer has, as far as the relay handles kinds differently.
enum class BodyKind : std::uint8_t {
  kNone,
  kEvents,      // text/event-stream
  kJson,        // application/json and application/*+json
  kError,       // of status 400 and more: JSON passes, other text is put into an error object
  kVerbatim,    // anything else
  kCoded,       // in a content coding that cannot be decoded (gateway/answer_source.h)
  kCodedError,  // likewise, of status 400 and more
};
BodyKind body_kind_of(const http::ResponseHead& head);

// Everything passes except what speaks of one connection (RFC 9110 section 7.6.1, with what
// Connection names), of the body's framing (the relay decides that anew), of the upstream's origin
// (cookies, Alt-Svc, Strict-Transport-Security, cross-origin rules), and x-request-id, which the
// exchange decides. Content-Encoding does not pass where the body is decoded or left out, nor
// Content-Type where it is left out.
class PassingFields {
 public:
  // In time that grows with the size of the head alone. `fields` must outlive the object.
  PassingFields(const http::Fields& fields, BodyKind kind);

  // `field` is one of the fields that the object was made of.
  bool contains(const http::Field& field) const;

 private:
  const http::Fields& fields_;
  http::FieldNames stopped_;
  // Of each field, whether Connection names it; empty where Connection names none that is there.
  std::vector<bool> named_;
};

}  // namespace penstock::gateway
