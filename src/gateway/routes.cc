#include "gateway/routes.h"

#include "gateway/api_routes.h"
#include "gateway/inspect_endpoints.h"
#include "gateway/model_endpoints.h"
#include "gateway/operations_endpoints.h"

namespace penstock::gateway {

std::vector<ServedRoute> routes(Context* context) {
  std::vector<ServedRoute> all;
  bind_routes(all, api_routes(), context);
  bind_routes(all, model_routes(), context);
  bind_routes(all, inspect_routes(), context);
  bind_routes(all, operations_routes(), context);
  return all;
}

}  // namespace penstock::gateway
