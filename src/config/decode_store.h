#pragma once

// The section `store`, and what the reference's `storage` says of the same.

#include "config/draft.h"
#include "config/key_table.h"

namespace penstock::config {

void decode_store(Decoder& decoder, const Node& node, Draft& draft);
void list_store_keys(const std::string& path, KnownKeys& out);

// `storage` alone: it has its effect where the file has no `store` (settle_storage()).
void accept_storage(Decoder& decoder, const Node& node, Draft& draft);
void settle_storage(Decoder& decoder, const Node& root, Draft& draft);

}  // namespace penstock::config
