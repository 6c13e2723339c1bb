#pragma once

// The names of prices in LiteLLM's file: a base, and what it is limited to.
// `cache_creation_input_token_cost_above_1hr_above_200k_tokens_batches`

#include <cstdint>
#include <optional>
#include <string_view>

#include "prices/price.h"

namespace penstock::prices {

struct PriceField {
  Item item;
  std::uint64_t above = 0;  // input tokens
  wire::ServiceTier tier = wire::ServiceTier::kStandard;
};

// Nullopt if it is no price, or one of what answers do not count: images, characters, pixels.
std::optional<PriceField> price_field_of(std::string_view name);

}  // namespace penstock::prices
