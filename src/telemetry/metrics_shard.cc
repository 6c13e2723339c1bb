#include "telemetry/metrics_shard.h"

#include <algorithm>
#include <iterator>

namespace penstock::telemetry {

ShardValues::ShardValues(const ShardShape& shape)
    : provider_count(shape.providers),
      pair_count(shape.routes * shape.providers),
      requests((2 * pair_count + SeriesRegistry::kSeriesMax) * kStatusClassCount),
      durations(pair_count),
      first_bytes(pair_count),
      providers(shape.providers),
      outcome_count(shape.outcomes),
      attempts(shape.providers * shape.outcomes),
      fallbacks(shape.model_routes) {}

MetricsShard::MetricsShard(SeriesRegistry& registry, const ShardShape& shape)
    : values_(shape), series_(registry) {}

RequestSeries MetricsShard::resolve(RouteId route, ProviderId provider, ModelLabel model) {
  const std::size_t pair = values_.pair_of(route, provider);
  std::size_t requests = values_.other_model(pair);
  if (model.kind_ == ModelLabel::Kind::kNone) {
    requests = values_.without_model(pair);
  } else if (model.kind_ == ModelLabel::Kind::kKnown) {
    const auto number = series_.find(route, provider, model.name_);
    if (number) requests = values_.known_model(*number);
  }
  return {static_cast<std::uint32_t>(requests), static_cast<std::uint32_t>(pair)};
}

void MetricsShard::upstream_error(ProviderId provider, ErrorKind kind) {
  const auto* found =
      std::find(std::begin(kUpstreamErrorKinds), std::end(kUpstreamErrorKinds), kind);
  if (found == std::end(kUpstreamErrorKinds)) return;
  of(provider).errors[static_cast<std::size_t>(found - std::begin(kUpstreamErrorKinds))].add();
}

void MetricsShard::request_not_received(ErrorKind kind) {
  const auto* last = std::prev(std::end(kReceiveErrorKinds));
  const auto* found = std::find(std::begin(kReceiveErrorKinds), last, kind);
  const auto index = static_cast<std::size_t>(found - std::begin(kReceiveErrorKinds));
  values_.requests_not_received[index].add();
}

}  // namespace penstock::telemetry
