#pragma once

// `server`, except for its limits and timeouts (decode_limits.h).

#include <string>

#include "config/key_table.h"
#include "config/settings.h"

namespace penstock::config {

void decode_server(Decoder& decoder, const Node& node, Server& server);
void list_server_keys(const std::string& path, KnownKeys& out);

}  // namespace penstock::config
