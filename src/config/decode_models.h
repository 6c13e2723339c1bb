#pragma once

// `registered_resources.models`, and `models` at the top of older files.

#include <string>

#include "config/draft.h"
#include "config/key_table.h"

namespace penstock::config {

void decode_registered_resources(Decoder& decoder, const Node& node, Draft& draft);
void list_registered_resources_keys(const std::string& path, KnownKeys& out);

void decode_models(Decoder& decoder, const Node& node, Draft& draft);
void list_models_keys(const std::string& path, KnownKeys& out);

// Determines each model's provider: the only one if none is named. Models that share a name become
// a route, which follows those of the file.
void settle_models(Decoder& decoder, Draft& draft);

}  // namespace penstock::config
