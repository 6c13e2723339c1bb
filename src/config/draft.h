#pragma once

// A configuration while it is decoded: the settings, and what is needed to check sections against
// each other once all have been read, in whichever order the file has them.

#include <string>
#include <vector>

#include "config/node.h"
#include "config/settings.h"

namespace penstock::config {

// Where a written route comes from, for messages.
struct RouteNodes {
  Node route;
  std::vector<Node> targets;  // of each of its targets
};

struct Draft {
  Settings settings;

  // Providers of the file that are not served: of another type, or of another API.
  std::vector<std::string> other_provider_ids;
  // Some provider's id could not be read; models that name it are not at fault.
  bool provider_ids_incomplete = false;

  // The mapping of each of settings.models, for messages.
  std::vector<Node> model_nodes;

  Node route_defaults;
  std::vector<RouteNodes> route_nodes;  // of each of settings.routing.routes that is written
  // Names of models and routes that are not served, as their providers are not.
  std::vector<std::string> skipped_names;
};

}  // namespace penstock::config
