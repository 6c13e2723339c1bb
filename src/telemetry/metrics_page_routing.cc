// The part of the page about models with several upstreams.

#include <algorithm>

#include "telemetry/metrics_page.h"

namespace penstock::telemetry {

// Of providers that are targets, and of those that a fallback without a route has asked.
bool MetricsPage::write_attempts(std::size_t provider) {
  if (provider == 0) {
    read_targets();
    exposition_.family("penstock_attempts_total", "counter",
                       "Attempts at targets of models' routes, by what came of them.");
  }
  const std::vector<std::string>& outcomes = metrics_.options_.routing.outcomes;
  const std::string_view name = providers_[provider];
  std::vector<std::uint64_t> counts;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    counts.push_back(
        sum_of(provider, [i](const ProviderSeries& series) { return series.attempts[i].value(); }));
  }
  const bool is_target =
      std::ranges::find(targets_, name, &TargetReading::provider) != targets_.end();
  const bool is_asked = std::ranges::any_of(counts, [](std::uint64_t count) { return count > 0; });
  for (std::size_t i = 0; i < outcomes.size() && (is_target || is_asked); ++i) {
    exposition_.sample({{"provider", name}, {"class", outcomes[i]}}, counts[i]);
  }
  return provider + 1 < provider_count();
}

bool MetricsPage::write_fallbacks_and_hedges(std::size_t) {
  exposition_.family("penstock_fallbacks_total", "counter",
                     "Requests that went on to another model, by the model asked for.");
  for (std::size_t i = 0; i < model_routes_.size(); ++i) {
    std::uint64_t requests = 0;
    for (const ShardReading& shard : shards_) {
      if (i < shard.fallbacks.size()) requests += shard.fallbacks[i]->value();
    }
    exposition_.sample({{"model", model_routes_[i]}}, requests);
  }
  exposition_.family("penstock_hedges_total", "counter",
                     "Attempts that began beside a slow one, by result.");
  for (std::size_t i = 0; i < kHedgeResultCount; ++i) {
    exposition_.sample({{"result", name_of(static_cast<HedgeResult>(i))}},
                       sum([i](const ShardValues& shard) { return shard.hedges[i].value(); }));
  }
  return false;
}

void MetricsPage::read_targets() {
  const auto& read = metrics_.options_.routing.targets;
  targets_ = read ? read() : std::vector<TargetReading>();
  for (TargetReading& target : targets_) target.provider = label_of_provider(target.provider);
}

bool MetricsPage::write_targets_in_flight(std::size_t target) {
  if (target == 0) {
    read_targets();
    exposition_.family("penstock_target_in_flight", "gauge",
                       "Requests that the target is serving.");
  }
  if (target >= targets_.size()) return false;
  const TargetReading& reading = targets_[target];
  exposition_.sample({{"provider", reading.provider}, {"model", reading.model}}, reading.in_flight);
  return more_targets(target);
}

bool MetricsPage::write_target_states(std::size_t target) {
  if (target == 0) {
    exposition_.family("penstock_target_state", "gauge",
                       "0: can be asked, 1: cools down, 2: its breaker is open, 3: half-open.");
  }
  if (target >= targets_.size()) return false;
  const TargetReading& reading = targets_[target];
  for (const TargetReading::Family& family : reading.families) {
    exposition_.sample(
        {{"provider", reading.provider}, {"model", reading.model}, {"family", family.name}},
        static_cast<std::uint64_t>(family.state));
  }
  return more_targets(target);
}

bool MetricsPage::write_target_cooldowns(std::size_t target) {
  if (target == 0) {
    exposition_.family("penstock_target_cooldown_seconds", "gauge",
                       "How long the target is not asked because it has asked for that.");
  }
  if (target >= targets_.size()) return false;
  const TargetReading& reading = targets_[target];
  exposition_.sample({{"provider", reading.provider}, {"model", reading.model}},
                     reading.cooldown_seconds);
  return more_targets(target);
}

bool MetricsPage::write_target_first_contents(std::size_t target) {
  if (target == 0) {
    exposition_.family("penstock_target_first_content_seconds", "gauge",
                       "Moving average of the time from an attempt's beginning to its content.");
  }
  if (target < targets_.size()) {
    const TargetReading& reading = targets_[target];
    if (reading.first_content_seconds) {
      exposition_.sample({{"provider", reading.provider}, {"model", reading.model}},
                         *reading.first_content_seconds);
    }
    if (more_targets(target)) return true;
  }
  targets_ = {};
  return false;
}

}  // namespace penstock::telemetry
