#pragma once

// The rules of a model route: the keys that `routing.defaults` and each route have in common.
//
// A section of a route changes what it says, and keeps the rest of what the defaults say.

#include <array>
#include <span>
#include <string_view>

#include "config/key_table.h"
#include "config/routing.h"

namespace penstock::config {

// Their words in the file, in the order of the enumerations.
inline constexpr std::array<std::string_view, 6> kBalances = {
    "weighted", "least_busy", "latency", "round_robin", "random", "first"};
inline constexpr std::array<std::string_view, 2> kCooldownScopes = {"target", "credential"};
inline constexpr std::array<std::string_view, 5> kAffinityKeys = {"session", "prompt_cache_key",
                                                                  "user", "prefix", "api_key"};
inline constexpr std::array<std::string_view, 3> kOnPinnedDown = {"error", "strip", "any"};
// A delay of `hedge`: the route's 95th percentile.
inline constexpr std::string_view kPercentile = "p95";

std::span<const Key<ModelRoute>> rule_keys();

}  // namespace penstock::config
