#pragma once

// A strict, in-place parser of HTTP/1.1 message heads (RFC 9112), for both directions.
//
// Strict means: what two servers could read differently is refused. Lines end only in CRLF; no
// obs-fold; no white space before a colon; field names are tokens; values contain no control
// character except tab; the target is origin-form (or `*` for OPTIONS) in visible ASCII without
// `#`; exactly one Host in HTTP/1.1, a host of unreserved characters or an address; Content-Length
// at most once, 1 to 19 digits; Transfer-Encoding at most once, exactly `chunked`, in HTTP/1.1, and
// never beside Content-Length. obs-text (bytes from 0x80) is allowed only in field values.
//
// The whole head must be in the buffer: each call parses it from its start. `scanned` lets the
// caller skip what an earlier call has already searched for the end of the head.

#include <cstddef>
#include <string_view>

#include "core/result.h"
#include "http/head.h"

namespace penstock::http {

struct HeadLimits {
  std::size_t bytes = 32 * 1024;  // of the whole head, including the empty line
  std::size_t fields = 100;
};

// The result of a call: the length of the head, or 0 if more bytes are needed.
struct Parsed {
  std::size_t head_bytes = 0;
  bool complete() const { return head_bytes > 0; }
};

// Parses a request's head at the front of `buffer` into `head`. One empty line before the request
// line is skipped (RFC 9112 section 2.2) and counted in head_bytes. `scanned` is the size of the
// buffer at an earlier, incomplete call, else 0. Errors: kMalformedRequest (400), kHeadTooLarge and
// kTooManyFields (431), kVersionNotSupported (505), kExpectationFailed (417), kNotImplemented (501:
// a transfer coding other than chunked, or a method other than GET, HEAD, POST, PUT, PATCH, DELETE
// and OPTIONS); the connection must be closed after any of them. Upgrade is ignored (RFC 9110
// section 7.8).
//
// Limits are checked early: a buffer of `limits.bytes` without the head's end is too large. A line
// is checked when it is complete, whatever follows. After an error or an incomplete call the
// contents of `head` are unspecified.
Result<Parsed> parse_request_head(std::string_view buffer, std::size_t scanned,
                                  const HeadLimits& limits, RequestHead& head);

// Parses the head of a response to a request other than HEAD. 1xx heads are returned like any
// other; the caller skips them. All errors are kUpstreamInvalidResponse.
Result<Parsed> parse_response_head(std::string_view buffer, std::size_t scanned,
                                   const HeadLimits& limits, ResponseHead& head);

// Whether `text` is a token (RFC 9110 section 5.6.2), as field names and methods must be.
bool is_token(std::string_view text);

// Whether the parser accepts `text` as a field's value.
bool is_field_value(std::string_view text);

}  // namespace penstock::http
