#pragma once

// Which provider a request is for, where its model's name does not tell.
//
// A request names a provider with the header x-penstock-provider or the path prefix /p/ID/. One
// that names neither a provider nor a model goes to the only provider, if there is just one. It is
// never guessed.

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "core/result.h"

namespace penstock::gateway {

using Providers = std::vector<config::Provider>;

inline constexpr std::string_view kProviderField = "x-penstock-provider";

// A path that begins with /p/ID/. Ids may contain slashes: the longest one that fits counts.
struct ProviderPath {
  std::optional<std::size_t> provider;  // nullopt: the path has no such prefix
  std::string_view rest;                // what follows the prefix, or the whole path
};
// Fails with kNotFound if the path has the prefix, and no provider has such an id.
Result<ProviderPath> split_provider_path(std::string_view path, const Providers& providers);

// The provider that the request names. `field` is the value of x-penstock-provider. Errors:
// kInvalidRequest if it names none of the providers, or another one than the path.
Result<std::optional<std::size_t>> named_provider(std::optional<std::size_t> by_path,
                                                  std::optional<std::string_view> field,
                                                  const Providers& providers);

// The provider of a request that names neither provider nor model. Fails with kInvalidRequest if
// there are several; the message lists them.
Result<std::size_t> only_provider(const Providers& providers);

}  // namespace penstock::gateway
