#pragma once

// The proxy configuration of LiteLLM: `model_list`, `router_settings` and their like.
//
// Deployments of one model_name become the targets of one route, `order` their priorities.

#include "config/node.h"
#include "config/problems.h"
#include "imports/draft.h"

namespace penstock::imports {

void import_litellm(const config::Node& file, ConfigDraft& draft, config::Problems& problems);

}  // namespace penstock::imports
