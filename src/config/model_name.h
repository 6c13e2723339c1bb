#pragma once

// The one rule for models' names, shared by the catalog, its lists and the check of the
// configuration.
//
// A model's identifier is `provider_id/model_id`, or the model_id alone if it already begins with
// `provider_id/`. An alias without prefix (provider_id `all`, or `_unprefixed_alias` in the
// metadata) is identified by its model_id alone. This is the rule of OGX 1.5.

#include <string>
#include <string_view>

#include "config/settings.h"

namespace penstock::config {

// A provider_id: the first provider, under a name without prefix.
inline constexpr std::string_view kAllProviders = "all";
// A provider_model_id: the first model of the type that the provider lists.
inline constexpr std::string_view kFirstListedModel = "auto";
// A key of the metadata that is not shown: true makes an alias without prefix.
inline constexpr std::string_view kUnprefixedAliasKey = "_unprefixed_alias";

// Whether `name` is `provider_id/` followed by something.
bool has_prefix(std::string_view name, std::string_view provider_id);

// What follows that prefix in a name that has it; a view into `name`.
std::string_view without_prefix(std::string_view name, std::string_view provider_id);

// The name of the model that a provider's upstream calls `upstream_id`. The prefix is always added:
// an upstream may list both `x` and `provider_id/x`.
std::string listed_name(std::string_view provider_id, std::string_view upstream_id);

bool is_unprefixed(const Model& model);

// The identifier of a registered model.
std::string identifier(const Model& model);

}  // namespace penstock::config
