#pragma once

// What one shard of the metrics counts for one provider.
//
// Each shard makes its own when it first meets the provider, and keeps it at the same place until
// the process ends: a removed provider's counters stay, and a provider that comes back goes on
// counting where it stopped. Written by the thread that owns the shard, read by any.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/error.h"
#include "telemetry/counter.h"
#include "telemetry/histogram.h"
#include "telemetry/labels.h"

namespace penstock::telemetry {

// Requests by status class.
using RequestCounts = std::array<Counter, kStatusClassCount>;

// The requests of one route. Threads write to their shards all the time: no two may share a cache
// line.
struct alignas(64) RouteSeries {
  RequestCounts without_model;
  RequestCounts other_models;  // those without a series of their own
  Histogram durations;
  Histogram first_bytes;
};

// What an answer states that it has used. The details are parts of the first two.
struct TokenCounts {
  std::uint64_t prompt = 0;
  std::uint64_t completion = 0;
  std::uint64_t cached = 0;       // of the prompt
  std::uint64_t cache_write = 0;  // of the prompt
  std::uint64_t reasoning = 0;    // of the completion
};

struct alignas(64) ProviderSeries {
  ProviderSeries(ProviderId id_in, std::size_t route_count, std::size_t outcome_count)
      : id(id_in), routes(route_count), attempts(outcome_count) {}

  void connection_opened() { connections_opened.add(); }
  void connection_reused() { connections_reused.add(); }
  void retried() { retries.add(); }
  // One failed attempt. Kinds that are not in kUpstreamErrorKinds are not the upstream's, and are
  // not counted.
  void failed(ErrorKind kind);
  // One attempt at a target of a model's route.
  void target_asked(OutcomeId outcome) { attempts[static_cast<std::size_t>(outcome)].add(); }
  void used(const TokenCounts& tokens) {
    prompt_tokens.add(tokens.prompt);
    completion_tokens.add(tokens.completion);
    cached_tokens.add(tokens.cached);
    cache_write_tokens.add(tokens.cache_write);
    reasoning_tokens.add(tokens.reasoning);
  }

  const ProviderId id;
  Counter connections_opened;
  Counter connections_reused;
  Counter retries;
  Counter prompt_tokens;
  Counter completion_tokens;
  Counter cached_tokens;
  Counter cache_write_tokens;
  Counter reasoning_tokens;
  std::array<Counter, kUpstreamErrorKindCount> errors;
  std::vector<RouteSeries> routes;  // by RouteId
  std::vector<Counter> attempts;    // at targets: by OutcomeId
};

}  // namespace penstock::telemetry
