#pragma once

// Reading an upstream's model list (OpenAI API, GET /v1/models).

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace penstock::models {

struct ListedModel {
  std::string id;
  std::string type = "llm";
  bool type_is_stated = false;  // custom_metadata.model_type names one of the known types
  std::string metadata = "{}";  // custom_metadata without what the gateway says of providers itself
};

// Decodes `{"data":[{"id":…, "custom_metadata":{…}}, …]}`, in the upstream's order; entries
// without a usable id are left out, as are repeated ones. Fails with kUpstreamInvalidResponse.
Result<std::vector<ListedModel>> parse_model_list(std::string_view json);

}  // namespace penstock::models
