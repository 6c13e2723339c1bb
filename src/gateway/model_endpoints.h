#pragma once

// GET /v1/models and /v1/models/{id} in the reference's shapes, and the registration of models at
// run time (POST and DELETE, as the reference had them up to its version 0.6).

#include <span>

#include "gateway/model_services.h"
#include "gateway/route.h"

namespace penstock::gateway {

std::span<const RouteRow<ModelServices>> model_routes();

}  // namespace penstock::gateway
