#pragma once

// Which of an upstream's header fields reach the client.

#include "http/head.h"

namespace penstock::gateway {

// Everything passes except what speaks of one connection (RFC 9110 section 7.6.1, with what
// Connection names), of the body's framing (the relay decides that anew), of the upstream's origin
// (cookies, Alt-Svc, Strict-Transport-Security, cross-origin rules), and x-request-id, which the
// exchange decides.
bool passes_to_client(const http::Fields& fields, const http::Field& field);

// What kind of body an answer has, as far as the relay handles kinds differently.
enum class BodyKind {
  kNone,
  kEvents,    // text/event-stream
  kJson,      // application/json and application/*+json
  kError,     // of status 400 and more: JSON passes, other text is put into an error object
  kVerbatim,  // anything else, and everything under a content coding
};
BodyKind body_kind_of(const http::ResponseHead& head);

}  // namespace penstock::gateway
