#pragma once

// The top level of a run.yaml.

#include "config/draft.h"
#include "config/key_table.h"

namespace penstock::config {

void decode_document(Decoder& decoder, const Node& root, Draft& draft);
void list_document_keys(KnownKeys& out);

}  // namespace penstock::config
