#pragma once

// GET /v1/models and /v1/models/{id} in the reference's shapes, and the registration of models at
// run time (POST and DELETE, as the reference had them up to its version 0.6).

#include <string>

#include "core/task.h"
#include "gateway/exchange.h"

namespace penstock::gateway {

// With provider data in the request, the upstreams are also asked on the caller's behalf; what
// they add is shown and not remembered.
Task<void> list_models(Exchange& exchange);
Task<void> show_model(Exchange& exchange, const std::string& id);
Task<void> register_model(Exchange& exchange);
Task<void> remove_model(Exchange& exchange, const std::string& id);

}  // namespace penstock::gateway
