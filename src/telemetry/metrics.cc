#include "telemetry/metrics.h"

#include <utility>

namespace penstock::telemetry {

Metrics::Metrics(MetricsOptions options)
    : options_(std::move(options)), catalog_(options_.providers.size() + 1) {
  for (std::string& provider : options_.providers) provider = label_of_provider(provider);
}

std::string label_of_provider(std::string_view id) {
  return id == "none" ? "none_" : std::string(id);
}

MetricsShard& Metrics::add_shard() {
  const ShardShape shape{.routes = options_.routes.size(),
                         .providers = options_.providers.size() + 1,
                         .model_routes = options_.routing.models.size(),
                         .outcomes = options_.routing.outcomes.size()};
  auto shard = std::make_unique<MetricsShard>(series_, shape);
  const std::lock_guard lock(shards_mutex_);
  return *shards_.emplace_back(std::move(shard));
}

ProviderId Metrics::provider(std::string_view name) const {
  for (std::size_t i = 0; i < options_.providers.size(); ++i) {
    if (options_.providers[i] == name) return ProviderId{static_cast<std::uint16_t>(i + 1)};
  }
  return kNoProvider;
}

void Metrics::set_models_registered(ProviderId provider, std::uint64_t models) {
  catalog_[static_cast<std::size_t>(provider)].models.store(models, std::memory_order_relaxed);
}

void Metrics::set_provider_up(ProviderId provider, ProviderUp up) {
  catalog_[static_cast<std::size_t>(provider)].up.store(up == ProviderUp::kYes,
                                                        std::memory_order_relaxed);
}

void Metrics::set_access_log_dropped(std::uint64_t lines) {
  access_log_dropped_.store(lines, std::memory_order_relaxed);
}

}  // namespace penstock::telemetry
