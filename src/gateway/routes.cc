#include "gateway/routes.h"

#include "gateway/api_routes.h"
#include "gateway/model_endpoints.h"

namespace penstock::gateway {

RouteServices::RouteServices(const Parts& parts)
    : upstreams(parts.upstreams),
      models{.upstreams = parts.upstreams,
             .registry = parts.registry,
             .list = parts.model_list,
             .shard = parts.shard},
      inspect{.providers = parts.upstreams.settings,
              .chooser = parts.upstreams.chooser,
              .registry = parts.registry,
              .routes = parts.routes},
      operations{.upstreams = parts.upstreams,
                 .registry = parts.registry,
                 .server = parts.server,
                 .readiness = parts.readiness,
                 .pulse = parts.pulse,
                 .metrics = parts.metrics,
                 .access_log = parts.access_log},
      explain{.upstreams = parts.upstreams, .routes = parts.routes},
      reload{.reloader = parts.reloader} {}

std::vector<ServedRoute> routes(const RouteServices* services) {
  const bool is_bound = services != nullptr;
  std::vector<ServedRoute> all;
  bind_routes(all, api_routes(), is_bound ? &services->upstreams : nullptr);
  bind_routes(all, model_routes(), is_bound ? &services->models : nullptr);
  bind_routes(all, inspect_routes(), is_bound ? &services->inspect : nullptr);
  bind_routes(all, operations_routes(), is_bound ? &services->operations : nullptr);
  bind_routes(all, explain_routes(), is_bound ? &services->explain : nullptr);
  bind_routes(all, reload_routes(), is_bound ? &services->reload : nullptr);
  return all;
}

}  // namespace penstock::gateway
