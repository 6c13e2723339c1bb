#pragma once

// `server.limits` and `server.timeouts`.

#include <string>

#include "config/key_table.h"
#include "config/settings.h"

namespace penstock::config {

void decode_limits(Decoder& decoder, const Node& node, Limits& limits);
void list_limits_keys(const std::string& path, KnownKeys& out);

void decode_timeouts(Decoder& decoder, const Node& node, Timeouts& timeouts);
void list_timeouts_keys(const std::string& path, KnownKeys& out);

}  // namespace penstock::config
