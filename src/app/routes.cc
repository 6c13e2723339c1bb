#include "app/routes.h"

namespace penstock::app {

gateway::RouteTable routes_of(const gateway::RouteServices& services) {
  return gateway::RouteTable(gateway::routes(&services));
}

std::vector<std::string> route_labels() {
  const gateway::RouteTable table(gateway::routes(nullptr));
  std::vector<std::string> labels;
  for (const gateway::Endpoint& endpoint : table.endpoints()) labels.push_back(endpoint.label);
  return labels;
}

}  // namespace penstock::app
