#pragma once

// `timeouts` of a route and of a target, and `network.timeout` of a provider: the time limits that
// are set where they are narrower than the server's.

#include <string>

#include "config/key_table.h"
#include "config/routing.h"

namespace penstock::config {

void decode_route_timeouts(Decoder& decoder, const Node& node, RouteTimeouts& timeouts);
void list_route_timeouts_keys(const std::string& path, KnownKeys& out);

// Also one duration, for connecting and for each silence, and `read`, for each silence.
void decode_provider_timeouts(Decoder& decoder, const Node& node, RouteTimeouts& timeouts);
void list_provider_timeouts_keys(const std::string& path, KnownKeys& out);

// Warns of limits in the mapping that are longer than `request`, the limit of the whole request
// there, so that they never end anything.
void warn_of_late_timeouts(Decoder& decoder, const Node& node, const RouteTimeouts& timeouts,
                           milliseconds request);

}  // namespace penstock::config
