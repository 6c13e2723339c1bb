#pragma once

// A configuration while it is decoded: the settings, and what is needed to check sections against
// each other once all have been read, in whichever order the file has them.

#include <string>
#include <vector>

#include "config/node.h"
#include "config/settings.h"

namespace penstock::config {

struct Draft {
  Settings settings;

  // Providers of the file that are not served: of another type, or of another API.
  std::vector<std::string> other_provider_ids;
  // Some provider's id could not be read; models that name it are not at fault.
  bool provider_ids_incomplete = false;

  // The mapping of each of settings.models, for messages.
  std::vector<Node> model_nodes;
};

}  // namespace penstock::config
