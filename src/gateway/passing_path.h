#pragma once

// Which paths pass to an upstream.
//
// The operator's key goes with them, and what an upstream's key may do is wider than what the route
// is for: a path passes only if no program on the way could read it as another one, whether it
// decodes the path never, once or several times. http/target.h has refused what this server itself
// could misread; this refuses, beside it, whatever is hidden by an encoding.

#include <string_view>

#include "core/result.h"

namespace penstock::gateway {

// `path` is one that http::split_target() accepts, or its end. Fails with kInvalidRequest; the
// message says what the path has.
Status check_passing_path(std::string_view path);

}  // namespace penstock::gateway
