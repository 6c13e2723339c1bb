#include "app/routes.h"

#include "gateway/routes.h"

namespace penstock::app {

std::unique_ptr<const gateway::RouteTable> make_routes(gateway::Context& context) {
  return std::make_unique<const gateway::RouteTable>(gateway::routes(&context));
}

std::vector<std::string> route_labels() {
  const gateway::RouteTable table(gateway::routes(nullptr));
  std::vector<std::string> labels;
  for (const gateway::Endpoint& endpoint : table.endpoints()) labels.push_back(endpoint.label);
  return labels;
}

}  // namespace penstock::app
