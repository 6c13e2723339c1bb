#pragma once

// What a request's body says, as far as its way to an upstream depends on it.

#include <string_view>

#include "core/result.h"
#include "core/task.h"
#include "gateway/exchange.h"
#include "wire/bodies/request_fields.h"

namespace penstock::gateway {

struct Understood {
  std::string_view body;       // whole, without its content codings; valid as long as the request
  wire::RequestFields fields;  // empty if the route's bodies name no model
};

// Reads the whole body, and tells the exchange the requested model. Errors: those of
// http::ServerExchange::read_body(); kInvalidRequest for a body that the route does not take.
Task<Result<Understood>> understand(Exchange& exchange);

}  // namespace penstock::gateway
