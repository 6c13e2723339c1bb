#pragma once

// `providers.inference[].config`: which upstream a provider is, and how it is called.
//
// Which keys are known, and what is not said, depends on the provider's type (config/presets.h).

#include <string>

#include "config/key_table.h"
#include "config/presets.h"
#include "config/settings.h"

namespace penstock::config {

// `section` is null if the entry has no `config`; `entry` is for messages then.
void decode_upstream(Decoder& decoder, const Node& entry, const Node* section, const Preset& preset,
                     Provider& provider);

// The keys of all types.
void list_upstream_keys(const std::string& path, KnownKeys& out);

}  // namespace penstock::config
