#include "prices/price.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "config/money.h"

namespace penstock::prices {
namespace {

constexpr std::size_t kStandard = static_cast<std::size_t>(wire::ServiceTier::kStandard);
constexpr std::int64_t kPicoOfMicro = config::kPicoDollars / config::kMicroDollars;

constexpr std::size_t index(Item item) {
  return static_cast<std::size_t>(item);
}

// What is charged for an item without a price of its own. In an order in which the later ones need
// only earlier ones.
struct Part {
  Item item;
  Item of;
};
constexpr std::array kParts = {
    Part{Item::kCachedInput, Item::kInput},       Part{Item::kCacheWrite, Item::kInput},
    Part{Item::kCacheWrite1h, Item::kCacheWrite}, Part{Item::kInputAudio, Item::kInput},
    Part{Item::kInputImage, Item::kInput},        Part{Item::kReasoning, Item::kOutput},
    Part{Item::kOutputAudio, Item::kOutput},      Part{Item::kOutputImage, Item::kOutput},
};

bool states_anything(const StatedBand& band) {
  return std::ranges::any_of(band.tiers, [](const StatedRates& rates) {
    return std::ranges::any_of(rates, [](const auto& rate) { return rate.has_value(); });
  });
}

// Fills in what `band` leaves out from the one below it (null: none) and from the standard tier.
void inherit(StatedBand& band, const StatedBand* below) {
  for (std::size_t item = 0; item < kItems; ++item) {
    auto& standard = band.tiers[kStandard][item];
    if (!standard && below != nullptr) standard = below->tiers[kStandard][item];
    for (std::size_t tier = 0; tier < wire::kServiceTiers; ++tier) {
      auto& rate = band.tiers[tier][item];
      // An optional without a value is less than any with one.
      if (!rate) rate = below == nullptr ? standard : std::max(standard, below->tiers[tier][item]);
    }
  }
}

Rates complete(StatedRates stated) {
  for (const Part& part : kParts) {
    if (!stated[index(part.item)]) stated[index(part.item)] = stated[index(part.of)];
  }
  Rates rates{};
  for (std::size_t item = 0; item < kItems; ++item) rates[item] = stated[item].value_or(0);
  return rates;
}

// The counts of usage, each token in one place.
using Counts = std::array<std::uint64_t, kItems>;

// Moves up to `wanted` of what is left to an item.
void take(std::uint64_t wanted, std::uint64_t& left, std::uint64_t& item) {
  item = std::min(wanted, left);
  left -= item;
}

std::uint64_t input_of(const wire::Usage& usage) {
  if (usage.prompt_tokens) return *usage.prompt_tokens;
  const std::uint64_t total = usage.total_tokens.value_or(0);
  return total - std::min(total, usage.completion_tokens.value_or(0));
}

// Gemini's thoughts are in the total alone where it speaks OpenAI's API: what is left of the total
// is output, too.
std::uint64_t output_of(const wire::Usage& usage, std::uint64_t input) {
  const std::uint64_t total = usage.total_tokens.value_or(0);
  return std::max(usage.completion_tokens.value_or(0), total - std::min(total, input));
}

Counts counts_of(const wire::Usage& usage) {
  Counts counts{};
  const auto at = [&](Item item) -> std::uint64_t& { return counts[index(item)]; };
  std::uint64_t input = input_of(usage);
  std::uint64_t output = output_of(usage, input);
  if (input == 0 && output == 0) at(Item::kSecond) = usage.seconds;
  take(usage.cached_tokens.value_or(0), input, at(Item::kCachedInput));
  std::uint64_t written = 0;
  take(usage.cache_write_tokens.value_or(0), input, written);
  take(usage.cache_write_1h_tokens, written, at(Item::kCacheWrite1h));
  at(Item::kCacheWrite) = written;
  take(usage.prompt_audio_tokens, input, at(Item::kInputAudio));
  take(usage.prompt_image_tokens, input, at(Item::kInputImage));
  at(Item::kInput) = input;
  take(usage.reasoning_tokens.value_or(0), output, at(Item::kReasoning));
  take(usage.completion_audio_tokens, output, at(Item::kOutputAudio));
  take(usage.completion_image_tokens, output, at(Item::kOutputImage));
  at(Item::kOutput) = output;
  at(Item::kSearch) = usage.searches;
  at(Item::kQuery) = std::max<std::uint64_t>(usage.searches, 1);
  at(Item::kRequest) = 1;
  return counts;
}

bool states_use(const wire::Usage& usage) {
  return usage.prompt_tokens || usage.completion_tokens || usage.total_tokens ||
         usage.seconds != 0 || usage.searches != 0;
}

std::int64_t cost_of(const Rates& rates, const Counts& counts) {
  __extension__ using Wide = unsigned __int128;
  Wide pico = 0;
  for (std::size_t item = 0; item < kItems; ++item) {
    pico += Wide{counts[item]} * static_cast<std::uint64_t>(rates[item]);
  }
  const Wide micro = (pico + (kPicoOfMicro - 1)) / kPicoOfMicro;
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  return micro > static_cast<Wide>(kMost) ? kMost : static_cast<std::int64_t>(micro);
}

}  // namespace

std::optional<Price> Price::of(std::vector<StatedBand> stated) {
  if (std::ranges::none_of(stated, states_anything)) return std::nullopt;
  std::ranges::sort(stated, {}, &StatedBand::above);
  if (stated.front().above != 0) stated.insert(stated.begin(), StatedBand{});
  Price price;
  const StatedBand* below = nullptr;
  for (StatedBand& band : stated) {
    inherit(band, below);
    below = &band;
    Band& made = price.bands_.emplace_back(Band{.above = band.above});
    std::ranges::transform(band.tiers, made.tiers.begin(), complete);
  }
  return price;
}

const Rates& Price::rates(std::uint64_t input_tokens, wire::ServiceTier tier) const {
  const Band* band = &bands_.front();
  for (const Band& higher : bands_) {
    if (input_tokens > higher.above) band = &higher;
  }
  return band->tiers[static_cast<std::size_t>(tier)];
}

bool operator==(const Price& a, const Price& b) {
  return std::ranges::equal(a.bands_, b.bands_, [](const Price::Band& x, const Price::Band& y) {
    return x.above == y.above && x.tiers == y.tiers;
  });
}

std::optional<std::int64_t> cost(const Price& price, const wire::Usage& usage) {
  if (!states_use(usage)) return std::nullopt;
  return cost_of(price.rates(input_of(usage), usage.service_tier), counts_of(usage));
}

std::int64_t estimated_cost(const Price& price, std::uint64_t input_tokens,
                            std::uint64_t output_tokens) {
  const wire::Usage usage{.prompt_tokens = input_tokens, .completion_tokens = output_tokens};
  return cost_of(price.rates(input_tokens, usage.service_tier), counts_of(usage));
}

}  // namespace penstock::prices
