#pragma once

// One I/O thread's part of the metrics.
//
// Only the owning thread may call the member functions, each of which costs a few additions.
// Nothing here allocates after construction, except the first use of a model's series, which takes
// the registry's mutex once. Other threads only read, through values().

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/tls_failure.h"
#include "telemetry/counter.h"
#include "telemetry/histogram.h"
#include "telemetry/labels.h"
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

// The series that a request counts in, resolved once and then used as often as needed. Valid for
// the shard that returned it.
struct RequestSeries {
  std::uint32_t requests = 0;   // the first of its status classes in ShardValues::requests
  std::uint32_t durations = 0;  // its histograms
};

// What an answer states that it has used. The details are parts of the first two.
struct TokenCounts {
  std::uint64_t prompt = 0;
  std::uint64_t completion = 0;
  std::uint64_t cached = 0;       // of the prompt
  std::uint64_t cache_write = 0;  // of the prompt
  std::uint64_t reasoning = 0;    // of the completion
};

// How many values the labels have.
struct ShardShape {
  std::size_t routes = 0;
  std::size_t providers = 0;  // including "none"
  std::size_t model_routes = 0;
  std::size_t outcomes = 0;
};

// The numbers themselves. The thread that owns the shard writes, any thread reads.
struct ShardValues {
  struct Provider {
    Counter connections_opened;
    Counter connections_reused;
    Counter retries;
    Counter prompt_tokens;
    Counter completion_tokens;
    Counter cached_tokens;
    Counter cache_write_tokens;
    Counter reasoning_tokens;
    std::array<Counter, kUpstreamErrorKindCount> errors;
  };

  explicit ShardValues(const ShardShape& shape);

  // The layout: requests without a model and those of unknown models come first, two for each route
  // and provider, then one for each number of the series registry.
  std::size_t pair_of(RouteId route, ProviderId provider) const {
    return static_cast<std::size_t>(route) * provider_count + static_cast<std::size_t>(provider);
  }
  std::size_t without_model(std::size_t pair) const { return 2 * pair * kStatusClassCount; }
  std::size_t other_model(std::size_t pair) const { return (2 * pair + 1) * kStatusClassCount; }
  std::size_t known_model(std::size_t series) const {
    return (2 * pair_count + series) * kStatusClassCount;
  }

  const std::size_t provider_count;  // including "none"
  const std::size_t pair_count;      // routes times providers

  std::vector<Counter> requests;
  std::vector<Histogram> durations;    // by pair
  std::vector<Histogram> first_bytes;  // by pair
  std::vector<Provider> providers;
  const std::size_t outcome_count;
  std::vector<Counter> attempts;   // at targets: by provider, then by outcome
  std::vector<Counter> fallbacks;  // by model route
  std::array<Counter, kHedgeResultCount> hedges;
  std::array<Counter, kLimitCount> limit_hits;
  std::array<Counter, kEndingCount> streams_ended;
  std::array<Counter, kReceiveErrorKindCount> requests_not_received;
  std::array<Counter, kTlsFailureCount> handshakes_failed;
  Gauge open_requests;
  Gauge open_streams;
  Gauge open_connections;
};

class MetricsShard {
 public:
  // Called by Metrics::add_shard. `registry` must outlive the shard.
  MetricsShard(SeriesRegistry& registry, const ShardShape& shape);

  // The series of a request with these labels. The ids must come from the same Metrics.
  RequestSeries resolve(RouteId route, ProviderId provider, ModelLabel model);

  void request_opened() { values_.open_requests.add(1); }
  // The end of a request that was opened, however it ended. `status` is the one sent to the client,
  // or 0 if none could be sent.
  void request_closed(RequestSeries series, int status, std::chrono::microseconds duration) {
    values_.open_requests.add(-1);
    values_.requests[series.requests + status_class_of(status)].add();
    values_.durations[series.durations].observe(duration);
  }
  // From the request's arrival to the first byte of the upstream's answer body.
  void first_byte(RequestSeries series, std::chrono::microseconds since_arrival) {
    values_.first_bytes[series.durations].observe(since_arrival);
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

  void upstream_connection_opened(ProviderId provider) { of(provider).connections_opened.add(); }
  void upstream_connection_reused(ProviderId provider) { of(provider).connections_reused.add(); }
  void upstream_retried(ProviderId provider) { of(provider).retries.add(); }
  // One failed attempt. Kinds that are not in kUpstreamErrorKinds are not the upstream's, and are
  // not counted.
  void upstream_error(ProviderId provider, ErrorKind kind);
  // One attempt at a target of a model's route.
  void target_asked(ProviderId provider, OutcomeId outcome) {
    const std::size_t row = static_cast<std::size_t>(provider) * values_.outcome_count;
    values_.attempts[row + static_cast<std::size_t>(outcome)].add();
  }
  void hedged(HedgeResult result) { values_.hedges[static_cast<std::size_t>(result)].add(); }
  // A request that went on to another model.
  void fell_back(ModelRouteId route) { values_.fallbacks[static_cast<std::size_t>(route)].add(); }
  void tokens(ProviderId provider, const TokenCounts& counts) {
    of(provider).prompt_tokens.add(counts.prompt);
    of(provider).completion_tokens.add(counts.completion);
    of(provider).cached_tokens.add(counts.cached);
    of(provider).cache_write_tokens.add(counts.cache_write);
    of(provider).reasoning_tokens.add(counts.reasoning);
  }

  // Counts the limit that caused the error, if any.
  void count_limit(const Error& error) {
    if (error.limit) limit_hit(*error.limit);
  }
  void limit_hit(Limit limit) { values_.limit_hits[static_cast<std::size_t>(limit)].add(); }

  const ShardValues& values() const { return values_; }

 private:
  ShardValues::Provider& of(ProviderId provider) {
    return values_.providers[static_cast<std::size_t>(provider)];
  }

  // Threads write to their shards all the time: no two may share a cache line.
  alignas(64) ShardValues values_;
  SeriesCache series_;
};

}  // namespace penstock::telemetry
