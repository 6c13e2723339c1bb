#pragma once

// The one place where an Error becomes an answer, in the dialect of its route.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"
#include "wire/apis/api.h"

namespace penstock::wire {

struct ErrorAnswer {
  int status;              // 0: nobody is left to answer (kClientGone, kCancelled)
  std::string_view type;   // invalid_request_error, authentication_error, api_error, …
  std::string_view code;   // empty: null
  std::string_view param;  // empty: null
};

// Of OpenAI's dialect; the statuses are those of all dialects.
ErrorAnswer answer_for(const Error& error);

// How a route speaks of errors.
struct ErrorForm {
  Dialect dialect = Dialect::kOpenAi;
  std::string_view request_id = {};  // which Anthropic's dialect states; empty: null
};

// The `type` that an error of this status has in Anthropic's dialect.
std::string_view anthropic_type_of(int status);

// The body, compact, without a line end.
std::string error_body(const Error& error, const ErrorForm& form = {});

// The event that ends a stream which cannot be completed, with its empty line. `sequence` is the
// event's number, in an API whose events have one.
std::string error_event(const Error& error, Api api, std::string_view request_id,
                        std::uint64_t sequence);

// An upstream's error body that is not JSON, put into the dialect's shape with the upstream's
// status. `text` is cut to a sensible length; an empty one is replaced by the status' name.
std::string wrapped_upstream_error(int status, std::string_view text, const ErrorForm& form = {});

// Replaces an upstream's error body that cannot be read because of its content coding.
std::string coded_upstream_error(int status, const ErrorForm& form = {});

// Whether an upstream's error refuses the key that it was sent. A 401 always does; a 403 may also
// refuse what the account may not do or what the content may not say, so its text has to name a
// key. Google's services answer 400, with their own words.
bool is_refusal_of_credential(int status, std::string_view text);

// Replaces an upstream's error body that refuses the operator's credential for `provider`: says
// whose key was refused, and quotes the upstream.
std::string refused_credential_error(int status, std::string_view provider, std::string_view text,
                                     const ErrorForm& form = {});

}  // namespace penstock::wire
