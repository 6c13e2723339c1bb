#pragma once

// `server`, except for its limits and timeouts (decode_limits.h).

#include <array>
#include <string>
#include <string_view>

#include "config/key_table.h"
#include "config/settings.h"

namespace penstock::config {

// Indexed by LogLevel.
inline constexpr std::array<std::string_view, 4> kLogLevels = {"debug", "info", "warning", "error"};

// Indexed by AccessLogFormat.
inline constexpr std::array<std::string_view, 3> kAccessLogFormats = {"auto", "json", "text"};

void decode_server(Decoder& decoder, const Node& node, Server& server);
void list_server_keys(const std::string& path, KnownKeys& out);

}  // namespace penstock::config
