#pragma once

// `providers`: the entries of `providers.inference` whose type has a preset (config/presets.h).
// Entries of other types, and other APIs, cause one warning each.

#include <string>

#include "config/draft.h"
#include "config/key_table.h"

namespace penstock::config {

// A provider_id that disables its entry (in the reference; an empty one does so too).
inline constexpr std::string_view kDisabledId = "__disabled__";

void decode_providers(Decoder& decoder, const Node& node, Draft& draft);
void list_providers_keys(const std::string& path, KnownKeys& out);

}  // namespace penstock::config
