#include "prices/price_field.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/text.h"

namespace penstock::prices {
namespace {

struct Base {
  std::string_view name;
  Item item;
};
constexpr std::array kBases = {
    Base{"input_cost_per_token_cache_hit", Item::kCachedInput},
    Base{"input_cost_per_token", Item::kInput},
    Base{"cache_read_input_token_cost", Item::kCachedInput},
    Base{"cache_creation_input_token_cost_above_1hr", Item::kCacheWrite1h},
    Base{"cache_creation_input_token_cost", Item::kCacheWrite},
    Base{"input_cost_per_audio_token", Item::kInputAudio},
    Base{"input_cost_per_image_token", Item::kInputImage},
    Base{"output_cost_per_token", Item::kOutput},
    Base{"output_cost_per_reasoning_token", Item::kReasoning},
    Base{"output_cost_per_audio_token", Item::kOutputAudio},
    Base{"output_cost_per_image_token", Item::kOutputImage},
    Base{"input_cost_per_second", Item::kSecond},
    Base{"output_cost_per_second", Item::kSecond},
    Base{"input_cost_per_query", Item::kQuery},
    Base{"input_cost_per_request", Item::kRequest},
};

struct TierSuffix {
  std::string_view name;
  wire::ServiceTier tier;
};
constexpr std::array kTierSuffixes = {
    TierSuffix{"", wire::ServiceTier::kStandard},
    TierSuffix{"_batches", wire::ServiceTier::kBatch},
    TierSuffix{"_flex", wire::ServiceTier::kFlex},
    TierSuffix{"_priority", wire::ServiceTier::kPriority},
    TierSuffix{"_ultrafast", wire::ServiceTier::kUltrafast},
};

// `_above_200k_tokens` off the front of `rest`: 200,000. 0 if it does not begin so.
std::uint64_t take_threshold(std::string_view& rest) {
  constexpr std::string_view kAbove = "_above_";
  constexpr std::string_view kTokens = "k_tokens";
  constexpr std::size_t kDigitsMax = 6;
  if (!rest.starts_with(kAbove)) return 0;
  const std::size_t end = rest.find(kTokens);
  if (end == std::string_view::npos || end > kAbove.size() + kDigitsMax) return 0;
  const auto thousands = parse_decimal(rest.substr(kAbove.size(), end - kAbove.size()));
  if (!thousands) return 0;
  rest.remove_prefix(end + kTokens.size());
  return *thousands * 1000;
}

}  // namespace

std::optional<PriceField> price_field_of(std::string_view name) {
  const auto* const base = std::ranges::find_if(
      kBases, [&](const Base& candidate) { return name.starts_with(candidate.name); });
  if (base == kBases.end()) return std::nullopt;
  std::string_view rest = name.substr(base->name.size());
  PriceField field{.item = base->item};
  field.above = take_threshold(rest);
  const auto* const suffix = std::ranges::find(kTierSuffixes, rest, &TierSuffix::name);
  if (suffix == kTierSuffixes.end()) return std::nullopt;
  field.tier = suffix->tier;
  return field;
}

}  // namespace penstock::prices
