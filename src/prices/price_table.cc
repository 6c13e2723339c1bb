#include "prices/price_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "core/stable_hash.h"
#include "core/text.h"

namespace penstock::prices {
namespace {

// What files of prices call the types of providers whose names differ.
struct FileName {
  std::string_view type;
  std::string_view name;
};
constexpr std::array kFileNames = {
    FileName{"azure", "azure_ai"},         FileName{"bedrock", "bedrock_mantle"},
    FileName{"fireworks", "fireworks_ai"}, FileName{"gemini", "vertex_ai"},
    FileName{"meta", "meta_llama"},        FileName{"nvidia", "nvidia_nim"},
    FileName{"together", "together_ai"},   FileName{"vertexai", "vertex_ai"},
};

std::string_view without_kind(std::string_view provider) {
  const std::size_t kind = provider.rfind("::");
  return kind == std::string_view::npos ? provider : provider.substr(kind + 2);
}

// Whether `text` is such a date: a `d` stands for a digit.
bool is_date(std::string_view text, std::string_view form) {
  return std::ranges::equal(text, form, [](char c, char expected) {
    return expected == 'd' ? is_digit(c) : c == expected;
  });
}

// `gpt-5.5` of `gpt-5.5-2026-04-23`. Empty if the name does not end with a date.
std::string_view without_date(std::string_view model) {
  constexpr std::array<std::string_view, 3> kForms = {"-dddd-dd-dd", "-dddddddd", "@dddddddd"};
  for (const std::string_view form : kForms) {
    if (model.size() <= form.size()) continue;
    const std::size_t begin = model.size() - form.size();
    if (is_date(model.substr(begin), form)) return model.substr(0, begin);
  }
  return {};
}

Price price_of(const config::OwnPrice& own) {
  StatedBand band;
  // Every tier costs the same: who states prices has agreed on them.
  StatedRates& rates = band.tiers[static_cast<std::size_t>(wire::ServiceTier::kStandard)];
  rates[static_cast<std::size_t>(Item::kInput)] = own.input;
  rates[static_cast<std::size_t>(Item::kOutput)] = own.output;
  rates[static_cast<std::size_t>(Item::kCachedInput)] = own.cached_input;
  rates[static_cast<std::size_t>(Item::kCacheWrite)] = own.cache_write;
  rates[static_cast<std::size_t>(Item::kCacheWrite1h)] = own.cache_write_1h;
  return *Price::of({band});
}

std::uint64_t hash_of(const config::OwnPrice& own, std::uint64_t seed) {
  return stable_hash(fmt::format("{} {} {} {} {} {}", own.model, own.input, own.output,
                                 own.cached_input.value_or(-1), own.cache_write.value_or(-1),
                                 own.cache_write_1h.value_or(-1)),
                     seed);
}

}  // namespace

Result<PriceTable> PriceTable::read(std::string_view file, std::span<const config::OwnPrice> own) {
  PriceTable table;
  std::uint64_t hash = 0;
  if (!file.empty()) {
    Result<NamedPrices> prices = read_prices(file);
    if (!prices) return failure(std::move(prices.error()));
    for (auto& [name, price] : *prices) put(table.file_, name, std::move(price));
    hash = stable_hash(file);
  }
  for (const config::OwnPrice& price : own) {
    put(table.own_, price.model, price_of(price));
    hash = hash_of(price, hash);
  }
  if (table.file_.empty() && table.own_.empty()) return table;
  table.version_ = fmt::format("{:016x}", hash);
  return table;
}

const Price* PriceTable::dearest() const {
  const Prices& prices = own_.empty() ? file_ : own_;
  const auto sum = [](const auto& entry) {
    const Rates& rates = entry.second.rates(0, wire::ServiceTier::kStandard);
    return rates[static_cast<std::size_t>(Item::kInput)] +
           rates[static_cast<std::size_t>(Item::kOutput)];
  };
  const auto found = std::ranges::max_element(prices, {}, sum);
  return found == prices.end() ? nullptr : &found->second;
}

PriceTable::Name PriceTable::split(std::string_view name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return {{}, name};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

void PriceTable::put(Prices& prices, std::string_view name, Price price) {
  const auto [provider, model] = split(name);
  prices.insert_or_assign(std::pair(std::string(provider), std::string(model)), std::move(price));
}

const Price* PriceTable::find_in(const Prices& prices, const Name& name) {
  const auto found = prices.find(name);
  return found == prices.end() ? nullptr : &found->second;
}

const Price* PriceTable::find_exactly(std::string_view id, std::string_view service,
                                      std::string_view model) const {
  const auto* const other = std::ranges::find(kFileNames, service, &FileName::type);
  const std::string_view other_name = other == kFileNames.end() ? service : other->name;
  const Name bare = split(model);
  for (const Name& name : {Name(id, model), Name(service, model), bare}) {
    if (const Price* price = find_in(own_, name)) return price;
  }
  for (const Name& name : {Name(service, model), Name(other_name, model), Name(id, model), bare}) {
    if (const Price* price = find_in(file_, name)) return price;
  }
  return nullptr;
}

const Price* PriceTable::find(std::string_view provider_id, std::string_view provider_type,
                              std::string_view upstream_model) const {
  const std::string_view service = without_kind(provider_type);
  if (const Price* price = find_exactly(provider_id, service, upstream_model)) return price;
  const std::string_view undated = without_date(upstream_model);
  return undated.empty() ? nullptr : find_exactly(provider_id, service, undated);
}

}  // namespace penstock::prices
