#pragma once

// The content of a request: its body without the codings that Content-Encoding names.

#include <string_view>

#include "core/result.h"
#include "core/task.h"
#include "gateway/exchange.h"

namespace penstock::gateway {

// Reads the request's body and unpacks it, in slices between which other requests have their turn.
// What comes out has the bounds of any body, and is valid as long as one is. A coding that is not
// known is refused before the body is read. Errors: those of ServerConnection::read_body();
// kUnsupportedMediaType; kInvalidRequest where the body is not what its coding says.
Eventual<Result<std::string_view>> read_content(Exchange& exchange);

}  // namespace penstock::gateway
