#include "app/price_text.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>

#include "config/money.h"

namespace penstock::app {
namespace {

using prices::Item;

struct ItemName {
  Item item;
  std::string_view name;
};
// Of what is counted in tokens.
constexpr std::array kOfTokens = {
    ItemName{Item::kInput, "input"},
    ItemName{Item::kCachedInput, "cached input"},
    ItemName{Item::kCacheWrite, "cache write"},
    ItemName{Item::kCacheWrite1h, "cache write for an hour"},
    ItemName{Item::kInputAudio, "audio input"},
    ItemName{Item::kInputImage, "image input"},
    ItemName{Item::kOutput, "output"},
    ItemName{Item::kReasoning, "reasoning"},
    ItemName{Item::kOutputAudio, "audio output"},
    ItemName{Item::kOutputImage, "image output"},
};
constexpr std::array kOfOthers = {
    ItemName{Item::kSecond, "a second of audio"},
    ItemName{Item::kSearch, "a search of the web"},
    ItemName{Item::kQuery, "a query"},
    ItemName{Item::kRequest, "a request"},
};

std::int64_t rate(const prices::Rates& rates, Item item) {
  return rates[static_cast<std::size_t>(item)];
}

// What something costs that is a part of another, at the same price, is not repeated.
bool is_told(Item item, const prices::Rates& rates) {
  if (item == Item::kInput || item == Item::kOutput) return true;
  const bool is_input = item < Item::kOutput;
  return rate(rates, item) != rate(rates, is_input ? Item::kInput : Item::kOutput);
}

std::string text_of(const prices::Rates& rates) {
  std::string text;
  const auto add = [&](std::string_view name, const std::string& price) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, price);
  };
  for (const ItemName& token : kOfTokens) {
    if (is_told(token.item, rates)) {
      add(token.name, config::price_text(rate(rates, token.item)));
    }
  }
  for (const ItemName& other : kOfOthers) {
    // These are few: the price of one is told.
    const std::int64_t pico = rate(rates, other.item);
    if (pico != 0) add(other.name, config::price_text((pico + 999'999) / 1'000'000));
  }
  return text;
}

const prices::Rates& standard(const prices::Price::Band& band) {
  return band.tiers[static_cast<std::size_t>(wire::ServiceTier::kStandard)];
}

}  // namespace

std::string price_lines(const prices::Price& price) {
  std::string lines;
  for (const prices::Price::Band& band : price.bands()) {
    const std::string range =
        band.above == 0 ? "" : fmt::format("above {} input tokens, ", band.above);
    for (std::size_t tier = 0; tier < wire::kServiceTiers; ++tier) {
      const auto service = static_cast<wire::ServiceTier>(tier);
      if (service != wire::ServiceTier::kStandard && band.tiers[tier] == standard(band)) continue;
      lines += fmt::format("{}{}: {}\n", range, wire::name_of(service), text_of(band.tiers[tier]));
    }
  }
  return lines;
}

std::string price_changes(const prices::NamedPrices& before, const prices::NamedPrices& after) {
  std::string lines;
  for (const auto& [name, price] : before) {
    if (!after.contains(name)) lines += fmt::format("- {}\n", name);
  }
  for (const auto& [name, price] : after) {
    const std::string now = text_of(standard(price.bands().front()));
    const auto old = before.find(name);
    if (old == before.end()) {
      lines += fmt::format("+ {}: {}\n", name, now);
    } else if (!(old->second == price)) {
      const std::string was = text_of(standard(old->second.bands().front()));
      lines += was == now ? fmt::format("~ {}: other tiers\n", name)
                          : fmt::format("~ {}: {} -> {}\n", name, was, now);
    }
  }
  return lines;
}

}  // namespace penstock::app
