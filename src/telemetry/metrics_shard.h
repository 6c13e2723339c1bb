#pragma once

// One I/O thread's part of the metrics.
//
// Only the owning thread may count, which costs a few additions. Nothing here allocates after
// construction, except the first use of a model's series, which takes the registry's mutex once,
// and series_of(), which a configuration calls once. Other threads only read, through reading().

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/proxy_header_failure.h"
#include "core/tls_failure.h"
#include "telemetry/counter.h"
#include "telemetry/labels.h"
#include "telemetry/provider_series.h"
#include "telemetry/series_registry.h"

namespace penstock::telemetry {

// The value of the label `model` for a request.
class ModelLabel {
 public:
  // The request names no model (a list, a health check).
  static ModelLabel none() { return {Kind::kNone, {}}; }
  // It names a model that no upstream is known to serve.
  static ModelLabel other() { return {Kind::kOther, {}}; }
  // A name from the catalog, never one that only the caller has used.
  static ModelLabel known(std::string_view name) { return {Kind::kKnown, name}; }

 private:
  friend class MetricsShard;
  enum class Kind : std::uint8_t { kNone, kOther, kKnown };

  ModelLabel(Kind kind, std::string_view name) : kind_(kind), name_(name) {}

  Kind kind_;
  std::string_view name_;
};

// The series that a request counts in, resolved once and then used as often as needed. Of the shard
// that returned it.
struct RequestSeries {
  RequestCounts& requests;
  RouteSeries& of_route;
};

// What a configuration counts in, by position in its settings. Valid as long as the shard.
struct SettingsSeries {
  ProviderSeries& no_provider;
  std::vector<ProviderSeries*> providers = {};
  std::vector<Counter*> fallbacks = {};  // of model routes

  ProviderSeries& of(std::optional<std::size_t> provider) const {
    return provider ? *providers[*provider] : no_provider;
  }
};

// How many values the labels have that are the same for all configurations.
struct ShardShape {
  std::size_t routes = 0;
  std::size_t outcomes = 0;
};

// The numbers that do not depend on the configuration.
struct ShardValues {
  // Of the series with models, by their numbers in the registry.
  std::vector<RequestCounts> known_models = std::vector<RequestCounts>(SeriesRegistry::kSeriesMax);
  std::array<Counter, kHedgeResultCount> hedges;
  std::array<Counter, kLimitCount> limit_hits;
  std::array<Counter, kEndingCount> streams_ended;
  std::array<Counter, kReceiveErrorKindCount> requests_not_received;
  std::array<Counter, kTlsFailureCount> handshakes_failed;
  std::array<Counter, kProxyHeaderFailureCount> proxy_headers_failed;
  Gauge open_requests;
  Gauge open_streams;
  Gauge open_connections;
};

// All numbers of a shard, for another thread: they go on counting while they are read. What the
// shard meets later is missing.
struct ShardReading {
  const ShardValues* values = nullptr;
  std::vector<const ProviderSeries*> providers = {};  // by ProviderId
  std::vector<const Counter*> fallbacks = {};         // by ModelRouteId
};

class MetricsShard {
 public:
  // Called by Metrics::add_shard. `registry` must outlive the shard.
  MetricsShard(SeriesRegistry& registry, const ShardShape& shape)
      : shape_(shape), models_(registry) {}

  // What requests of a configuration count in; `labels` are those of Metrics::serve(). Any thread,
  // for example the one that prepares a configuration while this one serves another.
  SettingsSeries series_of(const SettingsLabels& labels);
  // As for one of its providers.
  ProviderSeries& provider(ProviderId id);
  ShardReading reading() const;  // any thread

  // The series of a request with these labels. `provider` is one of this shard's.
  RequestSeries resolve(RouteId route, ProviderSeries& provider, ModelLabel model);

  void request_opened() { values_.open_requests.add(1); }
  // The end of a request that was opened, however it ended. `status` is the one sent to the client,
  // or 0 if none could be sent.
  void request_closed(RequestSeries series, int status, std::chrono::microseconds duration) {
    values_.open_requests.add(-1);
    series.requests[status_class_of(status)].add();
    series.of_route.durations.observe(duration);
  }
  // From the request's arrival to the first byte of the upstream's answer body.
  void first_byte(RequestSeries series, std::chrono::microseconds since_arrival) {
    series.of_route.first_bytes.observe(since_arrival);
  }

  void stream_opened() { values_.open_streams.add(1); }
  void stream_closed(Ending ending) {
    values_.open_streams.add(-1);
    values_.streams_ended[static_cast<std::size_t>(ending)].add();
  }

  // A client's connection.
  void connection_opened() { values_.open_connections.add(1); }
  void connection_closed() { values_.open_connections.add(-1); }

  // A request that could not be received, and so has no exchange.
  void request_not_received(ErrorKind kind);
  void handshake_failed(TlsFailure failure) {
    values_.handshakes_failed[static_cast<std::size_t>(failure)].add();
  }
  void proxy_header_failed(ProxyHeaderFailure failure) {
    values_.proxy_headers_failed[static_cast<std::size_t>(failure)].add();
  }

  void hedged(HedgeResult result) { values_.hedges[static_cast<std::size_t>(result)].add(); }

  // Counts the limit that caused the error, if any.
  void count_limit(const Error& error) {
    if (error.limit) limit_hit(*error.limit);
  }
  void limit_hit(Limit limit) { values_.limit_hits[static_cast<std::size_t>(limit)].add(); }

 private:
  ProviderSeries& provider_locked(ProviderId id);
  Counter& fallbacks_locked(ModelRouteId route);

  // Threads write to their shards all the time: no two may share a cache line.
  alignas(64) ShardValues values_;
  const ShardShape shape_;
  SeriesCache models_;

  // Held to grow the lists and to copy them, never to count: what they hold does not move.
  mutable std::mutex growth_;
  std::deque<ProviderSeries> providers_;  // by ProviderId
  std::deque<Counter> fallbacks_;         // by ModelRouteId
};

}  // namespace penstock::telemetry
