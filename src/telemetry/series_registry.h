#pragma once

// The series of requests_total that name a model: their maximum number, and each one's number.
//
// Model names come from upstreams and callers, so their number must be bounded (a scrape is as
// large as the number of series). One SeriesRegistry belongs to Metrics and is shared by all
// threads; it assigns numbers below kSeriesMax and never frees one, so that a counter never goes
// down or changes its meaning between two scrapes. It takes a mutex, so each thread looks a series
// up here only once and remembers it in its SeriesCache.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/labels.h"

namespace penstock::telemetry {

struct ModelSeries {
  RouteId route{};
  ProviderId provider{};
  std::string model;
};

class SeriesRegistry {
 public:
  static constexpr std::size_t kSeriesMax = 1000;

  SeriesRegistry() : entries_(kSeriesMax) {}

  // The number of the series, assigned if it is new; nullopt if the registry is full. Any thread.
  std::optional<std::uint32_t> find_or_create(RouteId route, ProviderId provider,
                                              std::string_view model);

  // Any thread, without a lock: entries below size() are complete and never change.
  std::size_t size() const { return size_.load(std::memory_order_acquire); }
  const ModelSeries& operator[](std::size_t number) const { return entries_[number]; }

 private:
  std::mutex creation_;
  std::vector<ModelSeries> entries_;  // allocated at construction: never moved
  std::atomic<std::size_t> size_{0};
};

// One thread's cache of the registry: a look-up costs one hash of the name and takes no lock.
class SeriesCache {
 public:
  // Longer names have no series; nor have names that could be confused with another label: `none`,
  // `other`, and text that is not UTF-8 or has control characters.
  static constexpr std::size_t kModelBytesMax = 128;

  explicit SeriesCache(SeriesRegistry& registry) : registry_(registry), slots_(kSlots, 0) {}

  // As SeriesRegistry::find_or_create. Once the registry is full and has been read completely,
  // names without a series are recognized without the lock, too.
  std::optional<std::uint32_t> find(RouteId route, ProviderId provider, std::string_view model);

 private:
  // Four times the entries, so that probes stay short.
  static constexpr std::size_t kSlots = 4096;
  static_assert(kSlots >= 4 * SeriesRegistry::kSeriesMax && (kSlots & (kSlots - 1)) == 0);

  // The slot that holds the series, or the empty one where it belongs.
  std::uint16_t& slot_of(RouteId route, ProviderId provider, std::string_view model);
  void learn_all();

  SeriesRegistry& registry_;
  std::vector<std::uint16_t> slots_;  // the series' number + 1; 0 is empty
  bool knows_all_ = false;
};

}  // namespace penstock::telemetry
