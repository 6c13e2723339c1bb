#pragma once

// The body of POST /v1/models: what a client wants to register.

#include <string_view>

#include "core/json_reader.h"
#include "core/result.h"
#include "models/registry.h"

namespace penstock::gateway {

// Errors: kInvalidRequest, with the position in the body if it is not JSON within the bounds.
Result<models::Registry::Registration> read_registration(std::string_view body,
                                                         const JsonBounds& bounds);

}  // namespace penstock::gateway
