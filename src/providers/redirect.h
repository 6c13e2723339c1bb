#pragma once

// What becomes of an upstream's redirect (RFC 9110 section 15.4).
//
// A request is only sent on where nothing but the path changes, and the request may stay as it is:
// 307 and 308 within the same scheme, host and port. Frameworks answer so to a slash too many or
// too few. Anything else leads away from what the operator has configured, or would turn a POST
// into a GET: it is refused, and base_url has to be corrected.

#include <string>
#include <string_view>

#include "config/settings.h"
#include "core/result.h"
#include "http/head.h"

namespace penstock::providers {

// How often one request is sent on.
inline constexpr int kRedirectsMax = 2;

inline bool is_redirect(int status) {
  return status >= 300 && status < 400;
}

// The request target that a redirect leads to. `asked` is the target that was asked for, at the
// origin of `url`. Fails with kUpstreamRedirect; the message does not contain the new address.
Result<std::string> redirect_target(const http::ResponseHead& head, const config::Url& url,
                                    std::string_view asked);

// Where a redirect leads, as a log may show it: without a query or a user, which may hold a key.
std::string redirect_address(const http::ResponseHead& head);

// That it leads on and on.
Error too_many_redirects(int status);

}  // namespace penstock::providers
