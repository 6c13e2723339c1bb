#include "telemetry/series_registry.h"

#include <algorithm>
#include <functional>

#include "core/text.h"

namespace penstock::telemetry {
namespace {

bool is_series(const ModelSeries& series, RouteId route, ProviderId provider,
               std::string_view model) {
  return series.route == route && series.provider == provider && series.model == model;
}

std::size_t hash_of(RouteId route, ProviderId provider, std::string_view model) {
  const std::size_t labels =
      static_cast<std::size_t>(route) << 16 | static_cast<std::size_t>(provider);
  // The multiplier is 2^64 over the golden ratio: it spreads the small numbers over all bits.
  return std::hash<std::string_view>{}(model) ^ (labels * 0x9e3779b97f4a7c15ULL);
}

// Whether the label is unambiguous: the exposition replaces text that fails here.
bool is_distinct_label(std::string_view model) {
  const bool has_control = std::any_of(model.begin(), model.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  return model != "none" && model != "other" && !has_control && is_valid_utf8(model);
}

}  // namespace

std::optional<std::uint32_t> SeriesRegistry::find_or_create(RouteId route, ProviderId provider,
                                                            std::string_view model) {
  const std::lock_guard lock(creation_);
  const std::size_t size = size_.load(std::memory_order_relaxed);
  // Each thread comes here once for a series, so a linear search is cheap enough.
  for (std::size_t i = 0; i < size; ++i) {
    if (is_series(entries_[i], route, provider, model)) return static_cast<std::uint32_t>(i);
  }
  if (size == kSeriesMax) return std::nullopt;
  entries_[size] = {route, provider, std::string(model)};
  // Publishes the entry to scrapes, which take no lock.
  size_.store(size + 1, std::memory_order_release);
  return static_cast<std::uint32_t>(size);
}

std::optional<std::uint32_t> SeriesCache::find(RouteId route, ProviderId provider,
                                               std::string_view model) {
  if (model.size() > kModelBytesMax) return std::nullopt;
  std::uint16_t& slot = slot_of(route, provider, model);
  if (slot != 0) return slot - 1u;
  if (knows_all_ || !is_distinct_label(model)) return std::nullopt;
  const std::optional<std::uint32_t> number = registry_.find_or_create(route, provider, model);
  if (number) {
    slot = static_cast<std::uint16_t>(*number + 1);
  } else {
    learn_all();
  }
  return number;
}

std::uint16_t& SeriesCache::slot_of(RouteId route, ProviderId provider, std::string_view model) {
  std::size_t at = hash_of(route, provider, model) & (kSlots - 1);
  while (slots_[at] != 0 && !is_series(registry_[slots_[at] - 1u], route, provider, model)) {
    at = (at + 1) & (kSlots - 1);
  }
  return slots_[at];
}

void SeriesCache::learn_all() {
  for (std::size_t i = 0; i < registry_.size(); ++i) {
    const ModelSeries& series = registry_[i];
    slot_of(series.route, series.provider, series.model) = static_cast<std::uint16_t>(i + 1);
  }
  knows_all_ = true;
}

}  // namespace penstock::telemetry
