#pragma once

// The section `routing` of a description.

#include <string_view>

#include "config/description_writer.h"
#include "config/settings.h"

namespace penstock::config {

// The defaults are complete; a route has the rules in which it differs from them.
void write_routing(DescriptionWriter& out, const Settings& settings);

// Nothing if none of them is set.
void write_route_timeouts(DescriptionWriter& out, std::string_view key,
                          const RouteTimeouts& timeouts);

}  // namespace penstock::config
