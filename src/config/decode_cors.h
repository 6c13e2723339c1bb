#pragma once

// `server.cors`, in the form of Llama Stack and OGX up to 0.7: a boolean or a mapping.

#include <optional>
#include <string>

#include "config/cors.h"
#include "config/key_table.h"

namespace penstock::config {

void decode_cors(Decoder& decoder, const Node& node, std::optional<Cors>& out);
void list_cors_keys(const std::string& path, KnownKeys& out);

}  // namespace penstock::config
