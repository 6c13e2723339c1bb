#pragma once

// The one place where an Error becomes an answer, in OpenAI's shape:
// {"error":{"message":…,"type":…,"param":…,"code":…}}.

#include <string>
#include <string_view>

#include "core/error.h"

namespace penstock::wire {

struct ErrorAnswer {
  int status;              // 0: there is nobody to answer (kClientGone, kCancelled)
  std::string_view type;   // invalid_request_error, authentication_error, api_error, …
  std::string_view code;   // empty: null
  std::string_view param;  // empty: null
};

ErrorAnswer answer_for(const Error& error);

// The body, compact, without a line end.
std::string error_body(const Error& error);

// The event that ends a stream which cannot be completed: `data: {"error":{…}}` and an empty line.
std::string error_event(const Error& error);

// An upstream's error body that is not JSON, put into OpenAI's shape under the upstream's status.
// `text` is cut to a sensible length; an empty one is replaced by the status' name.
std::string wrapped_upstream_error(int status, std::string_view text);

// In place of an upstream's error body that cannot be read because of its content coding.
std::string coded_upstream_error(int status);

// Whether an upstream's error is about the key that it was shown. A 401 always is; a 403 also
// stands for what the account may not do and what the content may not say, so its text has to name
// a key. Google's services say 400, with words of their own.
bool is_refusal_of_credential(int status, std::string_view text);

// In place of an upstream's error body that refuses the credential of the operator's for
// `provider`: whose key was refused, and what the upstream says.
std::string refused_credential_error(int status, std::string_view provider, std::string_view text);

}  // namespace penstock::wire
