#pragma once

// A model as the catalog has it. Immutable; catalogs share it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/metadata.h"

namespace penstock::models {

struct Model {
  std::string id;               // as it is listed (config/model_name.h)
  std::size_t provider = 0;     // position in Settings::providers
  std::string upstream_id;      // the upstream's name for it
  std::string type = "llm";     // llm, embedding or rerank
  bool type_is_stated = false;  // by the configuration or the upstream, not assumed
  Metadata metadata;
  std::int64_t created = 0;  // seconds since 1970
  // Another name under which it is found but not listed; empty: none. It is `id` without its
  // prefix, for a model with a provider_model_id.
  std::string further_name;
  // What else the upstream's list says about it: members of a JSON object, as written, separated by
  // commas, without names that the gateway's list uses itself. May be empty.
  std::string further_members;
};

using Models = std::vector<std::shared_ptr<const Model>>;
// A list in parts.
using ModelsInParts = std::span<const std::span<const std::shared_ptr<const Model>>>;

}  // namespace penstock::models
