#pragma once

// What a request's body says, as far as its way to an upstream depends on it.

#include <string_view>

#include "core/result.h"
#include "core/task.h"
#include "gateway/exchange.h"
#include "wire/bodies/request_fields.h"

namespace penstock::gateway {

// Checks a body of that shape, and finds where it names models; tells the exchange
// the first one. It reads in slices, between which other requests get their turn. A coroutine of
// its own, so that the reader is gone before the answer. Errors: kInvalidRequest.
Task<Status> understand(Exchange& exchange, std::string_view body, const wire::RequestShape& shape,
                        wire::RequestFields& fields);

}  // namespace penstock::gateway
