#pragma once

// The section `limits`, and the reference's `server.quota`.

#include "config/draft.h"
#include "config/key_table.h"

namespace penstock::config {

void decode_limit_rules(Decoder& decoder, const Node& node, Draft& draft);
void list_limit_rules_keys(const std::string& path, KnownKeys& out);

void decode_quota(Decoder& decoder, const Node& node, Server& server);
void list_quota_keys(const std::string& path, KnownKeys& out);

}  // namespace penstock::config
