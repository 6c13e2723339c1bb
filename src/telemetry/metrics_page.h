#pragma once

// MetricsPage: the metrics in the Prometheus text format, a slice at a time.
//
// Anybody may request the page, and read it slowly or not at all, so it is never held as a whole.
// Each value is read when its slice is written; which series there are is settled when the page
// begins. The families are in the order of docs/metrics.md.
// Families that may be long come last, so that the limit on the text costs least.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/exposition.h"
#include "telemetry/metrics.h"

namespace penstock::telemetry {

class MetricsPage {
 public:
  // The approximate size of a slice.
  static constexpr std::size_t kSliceBytes = 8 * 1024;

  // `metrics` outlives the page.
  explicit MetricsPage(const Metrics& metrics);
  MetricsPage(const MetricsPage&) = delete;
  MetricsPage& operator=(const MetricsPage&) = delete;

  // The next whole lines, valid until the next call; the caller may change them. Empty at the end.
  std::string& next();
  bool at_end() const { return part_ == kParts.size(); }

 private:
  // Writes one item of a part of the page. Returns whether the part has more.
  using Part = bool (MetricsPage::*)(std::size_t item);
  static const std::vector<Part> kParts;

  bool write_process(std::size_t item);
  bool write_open(std::size_t item);
  bool write_models(std::size_t provider);
  bool write_up(std::size_t provider);
  bool write_limits_and_endings(std::size_t item);
  bool write_not_received(std::size_t item);
  bool write_blocking_work(std::size_t item);
  bool write_opened(std::size_t provider);
  bool write_reused(std::size_t provider);
  bool write_retries(std::size_t provider);
  bool write_upstream_errors(std::size_t provider);
  bool write_attempts(std::size_t provider);
  bool write_fallbacks_and_hedges(std::size_t item);
  bool write_targets_in_flight(std::size_t target);
  bool write_target_states(std::size_t target);
  bool write_target_cooldowns(std::size_t target);
  bool write_target_first_contents(std::size_t target);
  bool write_tokens(std::size_t provider);
  bool write_token_details(std::size_t provider);
  bool write_durations(std::size_t pair);
  bool write_first_bytes(std::size_t pair);
  bool write_requests(std::size_t item);
  bool write_lines_left_out(std::size_t item);

  // The sum over all shards of what `read` returns for each.
  template <class Read>
  auto sum(Read read) const {
    decltype(read(*shards_.front().values)) total = 0;
    for (const ShardReading& shard : shards_) total += read(*shard.values);
    return total;
  }
  // Of those shards that have met the provider.
  template <class Read>
  std::uint64_t sum_of(std::size_t provider, Read read) const {
    std::uint64_t total = 0;
    for (const ShardReading& shard : shards_) {
      if (provider < shard.providers.size()) total += read(*shard.providers[provider]);
    }
    return total;
  }
  std::size_t provider_count() const { return providers_.size(); }
  std::size_t pair_count() const { return metrics_.options_.routes.size() * provider_count(); }

  void gauge(std::string_view name, std::string_view help, Gauge ShardValues::* value);
  void token_counter(std::size_t provider, std::string_view kind, Counter ProviderSeries::* value);
  bool provider_counter(std::size_t provider, std::string_view name, std::string_view help,
                        Counter ProviderSeries::* value);
  bool histogram(std::size_t pair, std::string_view name, std::string_view help,
                 Histogram RouteSeries::* family);
  const RouteSeries* series_of(const ShardReading& shard, std::size_t pair) const;
  void read_targets();
  // Whether a family of the targets has more after this one.
  bool more_targets(std::size_t target) const { return target + 1 < targets_.size(); }
  // `counts` returns what a shard has counted by status class, or null.
  using ReadCounts = std::function<const RequestCounts*(const ShardReading&)>;
  void request_lines(RouteId route, ProviderId provider, std::string_view model,
                     const ReadCounts& counts);

  const Metrics& metrics_;
  std::string text_;
  Exposition exposition_{text_, Metrics::kTextBytesMax};
  std::size_t model_series_;
  std::vector<std::string_view> providers_;  // their labels, by ProviderId
  std::vector<const Metrics::CatalogState*> catalog_;
  std::vector<std::string_view> model_routes_;  // by ModelRouteId
  std::vector<ShardReading> shards_;
  std::vector<TargetReading> targets_;  // while their families are written
  std::size_t part_ = 0;
  std::size_t item_ = 0;
};

}  // namespace penstock::telemetry
