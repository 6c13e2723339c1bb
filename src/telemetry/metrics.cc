#include "telemetry/metrics.h"

#include <algorithm>
#include <utility>

namespace penstock::telemetry {
namespace {

constexpr std::string_view kNone = "none";

}  // namespace

Metrics::Metrics(MetricsOptions options) : options_(std::move(options)), catalog_(1) {
  providers_.find_or_add(kNone);
}

// Underscores are added to the whole family of names, so that different ids have different labels.
std::string label_of_provider(std::string_view id) {
  std::string label(id);
  const bool could_be_none =
      id.starts_with(kNone) && id.find_first_not_of('_', kNone.size()) == std::string_view::npos;
  return could_be_none ? label + '_' : label;
}

MetricsShard& Metrics::add_shard() {
  const ShardShape shape{.routes = options_.routes.size(),
                         .outcomes = options_.routing.outcomes.size()};
  auto shard = std::make_unique<MetricsShard>(series_, shape);
  const std::lock_guard lock(lists_mutex_);
  return *shards_.emplace_back(std::move(shard));
}

SettingsLabels Metrics::serve(const ServedLabels& served) {
  SettingsLabels labels;
  const std::lock_guard lock(lists_mutex_);
  std::vector<bool> is_configured(providers_.texts().size() + served.providers.size() + 1);
  for (const std::string& id : served.providers) {
    const std::string label = label_of_provider(id);
    const std::size_t number = providers_.find_or_add(label);
    labels.providers.push_back(ProviderId{static_cast<std::uint16_t>(number)});
    // Several providers share `other`: it has no state.
    is_configured[number] = is_configured[number] || providers_.texts()[number] == label;
  }
  for (const std::string& model : served.model_routes) {
    const std::size_t number = model_routes_.find_or_add(model);
    labels.model_routes.push_back(ModelRouteId{static_cast<std::uint16_t>(number)});
  }
  while (catalog_.size() < providers_.texts().size()) catalog_.emplace_back();
  for (std::size_t i = 0; i < catalog_.size(); ++i) {
    CatalogState& state = catalog_[i];
    if (state.is_configured.exchange(is_configured[i]) || !is_configured[i]) continue;
    state.models.store(0, std::memory_order_relaxed);
    state.up.store(false, std::memory_order_relaxed);
  }
  return labels;
}

ProviderId Metrics::provider(std::string_view name) const {
  const std::string label = label_of_provider(name);
  const std::lock_guard lock(lists_mutex_);
  const std::size_t number = providers_.find(label).value_or(0);
  return ProviderId{static_cast<std::uint16_t>(number)};
}

Metrics::CatalogState& Metrics::state_of(ProviderId provider) {
  const std::lock_guard lock(lists_mutex_);
  return catalog_[static_cast<std::size_t>(provider)];
}

void Metrics::set_models_registered(ProviderId provider, std::uint64_t models) {
  state_of(provider).models.store(models, std::memory_order_relaxed);
}

void Metrics::set_provider_up(ProviderId provider, ProviderUp up) {
  state_of(provider).up.store(up == ProviderUp::kYes, std::memory_order_relaxed);
}

void Metrics::config_reloaded(bool success) {
  (success ? reloads_ : reloads_refused_).fetch_add(1, std::memory_order_relaxed);
  last_reload_success_.store(success, std::memory_order_relaxed);
}

void Metrics::set_access_log_dropped(std::uint64_t lines) {
  access_log_dropped_.store(lines, std::memory_order_relaxed);
}

}  // namespace penstock::telemetry
