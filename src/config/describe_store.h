#pragma once

// Where what lasts is kept, and how limits are counted, in a description.

#include <optional>

#include "config/description_writer.h"
#include "config/store_settings.h"

namespace penstock::config {

void write_store(DescriptionWriter& out, const std::optional<StoreSettings>& store);
// Nothing, if they are the defaults.
void write_limit_rules(DescriptionWriter& out, const LimitRules& rules);
void write_quota(DescriptionWriter& out, const std::optional<Quota>& quota);

}  // namespace penstock::config
