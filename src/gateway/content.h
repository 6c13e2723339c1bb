#pragma once

// The content of a request: its body without the codings of Content-Encoding.

#include <string_view>

#include "core/result.h"
#include "core/task.h"
#include "gateway/exchange.h"

namespace penstock::gateway {

// Reads the request's body and decodes it, in slices between which other requests get their turn.
// The result has the bounds of any body, and is valid as long as one. An unknown coding is refused
// before the body is read. Errors: those of ServerExchange::read_body(); kUnsupportedMediaType;
// kInvalidRequest if the body is not in its coding.
Eventual<Result<std::string_view>> read_content(Exchange& exchange);

}  // namespace penstock::gateway
