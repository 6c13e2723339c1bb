#pragma once

// A model's `metadata`: any YAML, as a JSON text for the model list.

#include <optional>
#include <string>

#include "config/decoder.h"

namespace penstock::config {

// The mapping as one JSON object, its keys in the file's order. Plain scalars have YAML's types,
// substituted ones the reference's; what JSON cannot express (nan, dates) becomes a string.
std::string metadata_json(Decoder& decoder, const Node& map);

// The same for nodes that are already resolved.
std::string resolved_json(const Node& node);

}  // namespace penstock::config
