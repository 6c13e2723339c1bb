#pragma once

// The one rule for models' names, shared by the catalog, its lists and the check of the
// configuration.
//
// A model's identifier is `provider_id/model_id`, or the model_id alone if it already begins with
// `provider_id/`. An alias without prefix (provider_id `all`, or `_unprefixed_alias` in the
// metadata) is identified by its model_id alone. This is the rule of OGX 1.5.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

// `provider_id/upstream_id`, also if the upstream's name has that prefix already: it may list both
// `x` and `provider_id/x`.
std::string listed_name(std::string_view provider_id, std::string_view upstream_id);

// The name under which the model is listed that the upstream of providers[index] calls
// `upstream_id`: with the prefix, unless the provider's unprefixed_models say otherwise and the
// name does not look like another provider's.
std::string listed_name(const std::vector<Provider>& providers, std::size_t index,
                        std::string_view upstream_id);

// Whether `name` fits the pattern, in which each `*` stands for any text.
bool fits_pattern(std::string_view name, std::string_view pattern);

// Why `name` cannot be a name of a model; empty if it can.
std::string_view fault_of_model_name(std::string_view name);

bool is_unprefixed(const Model& model);

// Which of the providers a registered model is on. An alias for `all` belongs to the first in the
// file's order that has a key or needs none; if it names its target, to the first of them that may
// serve it. Those that wait for a caller's key come last. Nullopt if there is none.
std::optional<std::size_t> provider_of(const Model& model, const std::vector<Provider>& providers);

// The identifier of a registered model.
std::string identifier(const Model& model);

}  // namespace penstock::config
