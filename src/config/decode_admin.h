#pragma once

// `admin`: the listener for operators.

#include <string>

#include "config/draft.h"
#include "config/key_table.h"

namespace penstock::config {

void decode_admin(Decoder& decoder, const Node& node, Draft& draft);
void list_admin_keys(const std::string& path, KnownKeys& out);

// Reports an address that is the server's too, and TLS without the server's certificate. After both
// sections are decoded.
void check_admin(Decoder& decoder, const Node& root, const Settings& settings);

}  // namespace penstock::config
