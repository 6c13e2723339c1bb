#pragma once

// How an upstream's redirect is handled (RFC 9110 section 15.4).
//
// A request is redirected only if nothing but the path changes and the request stays the same: 307
// and 308 within the same scheme, host and port. Frameworks send these for a missing or an extra
// slash. Any other redirect leads away from what the operator has configured, or would turn a POST
// into a GET: it is refused, and base_url has to be corrected.

#include <string>
#include <string_view>

#include "config/settings.h"
#include "core/result.h"
#include "http/head.h"

namespace penstock::providers {

// How often one request is redirected.
inline constexpr int kRedirectsMax = 2;

inline bool is_redirect(int status) {
  return status >= 300 && status < 400;
}

// The request target that a redirect leads to. `asked` is the target that was requested, at the
// origin of `url`. Fails with kUpstreamRedirect; the message does not contain the new address.
Result<std::string> redirect_target(const http::ResponseHead& head, const config::Url& url,
                                    std::string_view asked);

// The address of a redirect for the log: without a query or a user, which may contain a key.
std::string redirect_address(const http::ResponseHead& head);

// The error after kRedirectsMax redirects.
Error too_many_redirects(int status);

}  // namespace penstock::providers
