#pragma once

// API keys, and what is above them, in a description.

#include <vector>

#include "config/description_writer.h"
#include "config/owners.h"

namespace penstock::config {

void write_api_keys(DescriptionWriter& out, const std::vector<ApiKey>& api_keys);
void write_owners(DescriptionWriter& out, const Owners& owners);

}  // namespace penstock::config
