#pragma once

// A model's `metadata`: any YAML, as a JSON text for the model list.

#include <optional>
#include <string>

#include "config/decoder.h"

namespace penstock::config {

// The mapping as one JSON object, its keys in the file's order. Plain scalars have YAML's types,
// substituted ones those of the reference; what JSON cannot say (nan, dates) is text.
std::string metadata_json(Decoder& decoder, const Node& map);

// Of nodes that have been resolved already, the same.
std::string resolved_json(const Node& node);

}  // namespace penstock::config
