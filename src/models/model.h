#pragma once

// A model that is served, as the catalog has it. Immutable once it is made; catalogs share it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/metadata.h"

namespace penstock::models {

struct Model {
  std::string id;               // as it is listed (config/model_name.h)
  std::size_t provider = 0;     // position in Settings::providers
  std::string upstream_id;      // as the upstream names it
  std::string type = "llm";     // llm, embedding or rerank
  bool type_is_stated = false;  // by the configuration or the upstream, not assumed
  Metadata metadata;
  std::int64_t created = 0;  // seconds since 1970
  // Found by this as well, without being listed; empty: none. What `id` is without its prefix, of a
  // model that was given a name of its own.
  std::string further_name;
  // What else the upstream's list says of it: members of a JSON object, as they were spelled, with
  // commas between them and none of the names that the gateway's list has itself. Empty: nothing.
  std::string further_members;
};

using Models = std::vector<std::shared_ptr<const Model>>;

}  // namespace penstock::models
