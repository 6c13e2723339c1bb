#pragma once

// The endpoints that the gateway answers itself.

#include <string>
#include <string_view>

#include "core/task.h"
#include "gateway/exchange.h"
#include "gateway/routes.h"

namespace penstock::gateway {

// Answers a request of any route that is not inference. `id` is the path's variable part, decoded;
// it lives until the task ends.
Task<void> serve_endpoint(Exchange& exchange, Route route, const std::string& id,
                          std::string_view query);

}  // namespace penstock::gateway
