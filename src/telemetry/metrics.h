#pragma once

// The metrics of the whole server: one shard for each I/O thread, merged by each scrape.
//
// Metrics is created at startup, before the threads, and outlives them. Each I/O thread gets its
// own MetricsShard (telemetry/metrics_shard.h) and writes only to that; a request takes no lock and
// does no atomic read-modify-write. text() may be called by any thread at any time. docs/metrics.md
// describes the families and their labels.
//
// Labels are bounded: routes and outcomes are the lists given here; providers and model routes are
// those of the configurations served so far, up to kProvidersMax and kModelRoutesMax; models are
// those that the caller calls known, up to SeriesRegistry::kSeriesMax series. All of these limits
// are for the life of the process, and what is beyond them counts as `other`. Everything else is an
// enumeration of telemetry/labels.h.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "telemetry/label_list.h"
#include "telemetry/labels.h"
#include "telemetry/metrics_shard.h"
#include "telemetry/series_registry.h"
#include "telemetry/target_reading.h"

namespace penstock::telemetry {

// A kind of work that is done on threads of its own.
struct BlockingWork {
  struct Counts {
    std::uint64_t waiting = 0;
    std::uint64_t refused = 0;
  };
  std::string name;
  std::function<Counts()> read;  // called by any thread, for each scrape
};

// What the routes of models with several upstreams have.
struct RoutingOptions {
  std::vector<std::string> outcomes;                    // an OutcomeId is a position in this list
  std::function<std::vector<TargetReading>()> targets;  // called by any thread, for each scrape
};

struct MetricsOptions {
  std::vector<std::string> routes;  // a RouteId is a position in this list
  std::string version;
  WallTime started{};
  std::vector<BlockingWork> blocking_work = {};
  RoutingOptions routing = {};
};

// A provider called like kNoProvider's label gets another one: no two series may have the same
// labels.
std::string label_of_provider(std::string_view id);

enum class ProviderUp : bool { kNo, kYes };

class Metrics {
 public:
  // The Content-Type of text().
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";
  // The maximum size of an answer; what does not fit is left out and counted in its last family.
  static constexpr std::size_t kTextBytesMax = 4 * 1024 * 1024;
  // A provider costs each shard about 500 bytes for each route.
  static constexpr std::size_t kProvidersMax = 1'000;
  static constexpr std::size_t kModelRoutesMax = 10'000;

  explicit Metrics(MetricsOptions options);

  // A new shard for one thread; it lives as long as Metrics. Any thread.
  MetricsShard& add_shard();

  // From here on the server serves a configuration that names these: at startup, and at each
  // reload. What it names for the first time gets a new id, everything else keeps its own. Gauges
  // of the present are written for its providers only; the counters of others stay. Any thread.
  SettingsLabels serve(const ServedLabels& served);

  // The provider's id, or kNoProvider for one that has never been configured. Any thread; too slow
  // for each request.
  ProviderId provider(std::string_view name) const;

  // The state of the catalog, set by the thread that refreshes it. kNoProvider is ignored. Both are
  // 0 when a provider appears or comes back.
  void set_models_registered(ProviderId provider, std::uint64_t models);
  void set_provider_up(ProviderId provider, ProviderUp up);

  // The configuration was taken again, or could not be. Any thread.
  void config_reloaded(bool success);

  // Copied from AccessLog::dropped_lines() before a page is written.
  void set_access_log_dropped(std::uint64_t lines);

  // All families in the Prometheus text format 0.0.4, as one text. A client gets it in slices
  // (telemetry/metrics_page.h).
  std::string text() const;

 private:
  struct CatalogState {
    std::atomic<bool> is_configured{false};
    std::atomic<std::uint64_t> models{0};
    std::atomic<bool> up{false};
  };
  friend class MetricsPage;

  CatalogState& state_of(ProviderId provider);

  const MetricsOptions options_;
  SeriesRegistry series_;
  std::atomic<std::uint64_t> access_log_dropped_{0};
  std::atomic<bool> last_reload_success_{true};
  std::atomic<std::uint64_t> reloads_{0};  // that succeeded
  std::atomic<std::uint64_t> reloads_refused_{0};

  mutable std::mutex lists_mutex_;  // held to use or change a list below, and to copy it for a page
  LabelList providers_{kProvidersMax + 1};   // a ProviderId is a number of this list
  std::deque<CatalogState> catalog_;         // by ProviderId; entries never move
  LabelList model_routes_{kModelRoutesMax};  // a ModelRouteId is a number of this list
  std::vector<std::unique_ptr<MetricsShard>> shards_;
};

}  // namespace penstock::telemetry
