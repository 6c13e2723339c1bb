#pragma once

// `providers`: the entries of `providers.inference` whose type is remote::passthrough. Entries of
// other types, and other APIs, have one warning each.

#include <string>

#include "config/draft.h"
#include "config/key_table.h"

namespace penstock::config {

// The one type of provider that is served.
inline constexpr std::string_view kPassthroughType = "remote::passthrough";
// A provider_id that switches its entry off (the reference's way beside an empty one).
inline constexpr std::string_view kDisabledId = "__disabled__";

void decode_providers(Decoder& decoder, const Node& node, Draft& draft);
void list_providers_keys(const std::string& path, KnownKeys& out);

}  // namespace penstock::config
