#pragma once

// A configuration while it is decoded: the settings, and what is needed to check one section
// against another when all of them have been read, in whichever order the file has them.

#include <string>
#include <vector>

#include "config/node.h"
#include "config/settings.h"

namespace penstock::config {

struct Draft {
  Settings settings;

  // Providers that are in the file but not served here: of another type, or of another API.
  std::vector<std::string> other_provider_ids;
  // Some provider's id could not be read; models that name it are not to blame.
  bool provider_ids_incomplete = false;

  // The mapping of each of settings.models, for messages.
  std::vector<Node> model_nodes;
};

}  // namespace penstock::config
