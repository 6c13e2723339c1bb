#pragma once

// Envoy AI Gateway: the resources of a Kubernetes manifest.
//
// A rule of an AIGatewayRoute becomes a model route, an AIServiceBackend with its Backend and its
// security policy becomes a provider. Keys are in Secrets, which are not repeated.

#include <vector>

#include "config/node.h"
#include "config/problems.h"
#include "imports/draft.h"

namespace penstock::imports {

void import_envoy(const std::vector<config::Node>& resources, ConfigDraft& draft,
                  config::Problems& problems);

}  // namespace penstock::imports
