#pragma once

// The section `routing`: the rules of all routes, and the routes with their targets.

#include <string>

#include "config/draft.h"
#include "config/key_table.h"

namespace penstock::config {

// Providers have been decoded, since targets refer to them.
void decode_routing(Decoder& decoder, const Node& node, Draft& draft);
void list_routing_keys(const std::string& path, KnownKeys& out);

}  // namespace penstock::config
