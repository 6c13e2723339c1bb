#include "telemetry/metrics_shard.h"

#include <algorithm>
#include <iterator>

namespace penstock::telemetry {

ProviderSeries& MetricsShard::provider_locked(ProviderId id) {
  const auto number = static_cast<std::size_t>(id);
  while (providers_.size() <= number) {
    const ProviderId next{static_cast<std::uint16_t>(providers_.size())};
    providers_.emplace_back(next, shape_.routes, shape_.outcomes);
  }
  return providers_[number];
}

Counter& MetricsShard::fallbacks_locked(ModelRouteId route) {
  const auto number = static_cast<std::size_t>(route);
  while (fallbacks_.size() <= number) fallbacks_.emplace_back();
  return fallbacks_[number];
}

ProviderSeries& MetricsShard::provider(ProviderId id) {
  const std::lock_guard lock(growth_);
  return provider_locked(id);
}

SettingsSeries MetricsShard::series_of(const SettingsLabels& labels) {
  const std::lock_guard lock(growth_);
  SettingsSeries series{.no_provider = provider_locked(kNoProvider)};
  for (const ProviderId id : labels.providers) series.providers.push_back(&provider_locked(id));
  for (const ModelRouteId id : labels.model_routes) {
    series.fallbacks.push_back(&fallbacks_locked(id));
  }
  return series;
}

ShardReading MetricsShard::reading() const {
  const std::lock_guard lock(growth_);
  ShardReading reading{.values = &values_};
  for (const ProviderSeries& provider : providers_) reading.providers.push_back(&provider);
  for (const Counter& counter : fallbacks_) reading.fallbacks.push_back(&counter);
  return reading;
}

RequestSeries MetricsShard::resolve(RouteId route, ProviderSeries& provider, ModelLabel model) {
  RouteSeries& of_route = provider.routes[static_cast<std::size_t>(route)];
  if (model.kind_ == ModelLabel::Kind::kNone) return {of_route.without_model, of_route};
  if (model.kind_ == ModelLabel::Kind::kKnown) {
    const auto number = models_.find(route, provider.id, model.name_);
    if (number) return {values_.known_models[*number], of_route};
  }
  return {of_route.other_models, of_route};
}

void ProviderSeries::failed(ErrorKind kind) {
  const auto* found =
      std::find(std::begin(kUpstreamErrorKinds), std::end(kUpstreamErrorKinds), kind);
  if (found == std::end(kUpstreamErrorKinds)) return;
  errors[static_cast<std::size_t>(found - std::begin(kUpstreamErrorKinds))].add();
}

void MetricsShard::request_not_received(ErrorKind kind) {
  const auto* last = std::prev(std::end(kReceiveErrorKinds));
  const auto* found = std::find(std::begin(kReceiveErrorKinds), last, kind);
  const auto index = static_cast<std::size_t>(found - std::begin(kReceiveErrorKinds));
  values_.requests_not_received[index].add();
}

}  // namespace penstock::telemetry
