#pragma once

// API keys: server.api_keys, keys at the top of the file, and those of server.auth are one list.

#include "config/key_table.h"
#include "config/settings.h"

namespace penstock::config {

void decode_api_keys(Decoder& decoder, const Node& node, Server& server);
void list_api_keys_keys(const std::string& path, KnownKeys& out);

// `sha256:` and 64 hexadecimal digits.
std::string key_hash_text(const KeyHash& hash);

}  // namespace penstock::config
