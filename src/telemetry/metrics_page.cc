#include "telemetry/metrics_page.h"

#include <chrono>
#include <mutex>

#include "telemetry/process_stats.h"

namespace penstock::telemetry {

const std::vector<MetricsPage::Part> MetricsPage::kParts = {
    &MetricsPage::write_process,
    &MetricsPage::write_open,
    &MetricsPage::write_models,
    &MetricsPage::write_up,
    &MetricsPage::write_limits_and_endings,
    &MetricsPage::write_not_received,
    &MetricsPage::write_blocking_work,
    &MetricsPage::write_opened,
    &MetricsPage::write_reused,
    &MetricsPage::write_retries,
    &MetricsPage::write_upstream_errors,
    &MetricsPage::write_attempts,
    &MetricsPage::write_fallbacks_and_hedges,
    &MetricsPage::write_targets_in_flight,
    &MetricsPage::write_target_states,
    &MetricsPage::write_target_cooldowns,
    &MetricsPage::write_target_first_contents,
    &MetricsPage::write_tokens,
    &MetricsPage::write_token_details,
    &MetricsPage::write_durations,
    &MetricsPage::write_first_bytes,
    &MetricsPage::write_requests,
    &MetricsPage::write_lines_left_out,
};

// The series of models are counted first: the providers' labels, which are read later, include
// theirs.
MetricsPage::MetricsPage(const Metrics& metrics)
    : metrics_(metrics), model_series_(metrics.series_.size()) {
  const std::lock_guard lock(metrics.lists_mutex_);
  providers_ = metrics.providers_.texts();
  for (const auto& state : metrics.catalog_) catalog_.push_back(&state);
  model_routes_ = metrics.model_routes_.texts();
  for (const auto& shard : metrics.shards_) shards_.push_back(shard->reading());
}

std::string& MetricsPage::next() {
  exposition_.start_anew();
  while (text_.size() < kSliceBytes && !at_end()) {
    if ((this->*kParts[part_])(item_)) {
      ++item_;
    } else {
      ++part_;
      item_ = 0;
    }
  }
  return text_;
}

bool MetricsPage::write_process(std::size_t) {
  exposition_.family("penstock_build_info", "gauge", "Always 1; the label is the version.");
  exposition_.sample({{"version", metrics_.options_.version}}, std::uint64_t{1});
  exposition_.family("process_start_time_seconds", "gauge",
                     "When the server started, in seconds since 1970.");
  const auto started = metrics_.options_.started.time_since_epoch();
  exposition_.sample({}, std::chrono::duration<double>(started).count());
  exposition_.family("process_resident_memory_bytes", "gauge", "Resident memory.");
  if (const auto bytes = resident_memory_bytes()) exposition_.sample({}, *bytes);
  exposition_.family("process_open_fds", "gauge", "Open file descriptors.");
  if (const auto descriptors = open_descriptors()) exposition_.sample({}, *descriptors);
  return false;
}

void MetricsPage::gauge(std::string_view name, std::string_view help, Gauge ShardValues::* value) {
  exposition_.family(name, "gauge", help);
  exposition_.sample({}, sum([value](const ShardValues& shard) { return (shard.*value).value(); }));
}

bool MetricsPage::write_open(std::size_t) {
  gauge("penstock_open_connections", "Open client connections.", &ShardValues::open_connections);
  gauge("penstock_open_requests", "Requests in progress.", &ShardValues::open_requests);
  gauge("penstock_open_streams", "Streams in progress.", &ShardValues::open_streams);
  return false;
}

bool MetricsPage::write_not_received(std::size_t) {
  exposition_.family("penstock_requests_not_received_total", "counter",
                     "Requests that could not be received, by reason.");
  for (std::size_t i = 0; i < kReceiveErrorKindCount; ++i) {
    exposition_.sample(
        {{"reason", name_of(kReceiveErrorKinds[i])}},
        sum([i](const ShardValues& shard) { return shard.requests_not_received[i].value(); }));
  }
  exposition_.family("penstock_tls_handshakes_failed_total", "counter",
                     "TLS handshakes of clients that failed, by reason.");
  for (std::size_t i = 0; i < kTlsFailureCount; ++i) {
    exposition_.sample(
        {{"reason", name_of(static_cast<TlsFailure>(i))}},
        sum([i](const ShardValues& shard) { return shard.handshakes_failed[i].value(); }));
  }
  exposition_.family("penstock_proxy_headers_failed_total", "counter",
                     "Connections that ended because of their PROXY header, by reason.");
  for (std::size_t i = 0; i < kProxyHeaderFailureCount; ++i) {
    exposition_.sample(
        {{"reason", name_of(static_cast<ProxyHeaderFailure>(i))}},
        sum([i](const ShardValues& shard) { return shard.proxy_headers_failed[i].value(); }));
  }
  return false;
}

bool MetricsPage::write_models(std::size_t provider) {
  if (provider == 0) {
    exposition_.family("penstock_models_registered", "gauge", "Models that the provider serves.");
  }
  const Metrics::CatalogState& state = *catalog_[provider];
  if (state.is_configured.load()) {
    exposition_.sample({{"provider", providers_[provider]}}, state.models.load());
  }
  return provider + 1 < provider_count();
}

bool MetricsPage::write_up(std::size_t provider) {
  if (provider == 0) {
    exposition_.family("penstock_provider_up", "gauge",
                       "1 if the provider answered when it was last asked for its models.");
  }
  const Metrics::CatalogState& state = *catalog_[provider];
  if (state.is_configured.load()) {
    exposition_.sample({{"provider", providers_[provider]}},
                       std::uint64_t{state.up.load() ? 1u : 0u});
  }
  return provider + 1 < provider_count();
}

bool MetricsPage::write_limits_and_endings(std::size_t) {
  exposition_.family("penstock_limit_hits_total", "counter", "Limits and timeouts reached.");
  for (std::size_t i = 0; i < kLimitCount; ++i) {
    exposition_.sample({{"limit", name_of(static_cast<Limit>(i))}},
                       sum([i](const ShardValues& shard) { return shard.limit_hits[i].value(); }));
  }
  exposition_.family("penstock_streams_ended_total", "counter", "Streamed answers by ending.");
  for (std::size_t i = 0; i < kEndingCount; ++i) {
    exposition_.sample(
        {{"ending", name_of(static_cast<Ending>(i))}},
        sum([i](const ShardValues& shard) { return shard.streams_ended[i].value(); }));
  }
  exposition_.family("penstock_config_last_reload_success", "gauge",
                     "Whether the configuration was served when it was last taken again.");
  exposition_.sample({},
                     std::uint64_t{metrics_.last_reload_success_.load(std::memory_order_relaxed)});
  exposition_.family("penstock_config_reloads_total", "counter",
                     "Reloads of the configuration since the start, by their result.");
  exposition_.sample({{"result", "served"}}, metrics_.reloads_.load(std::memory_order_relaxed));
  exposition_.sample({{"result", "refused"}},
                     metrics_.reloads_refused_.load(std::memory_order_relaxed));
  exposition_.family("penstock_access_log_dropped_total", "counter",
                     "Access-log lines lost because the output was too slow or failed.");
  exposition_.sample({}, metrics_.access_log_dropped_.load(std::memory_order_relaxed));
  return false;
}

bool MetricsPage::write_blocking_work(std::size_t) {
  std::vector<BlockingWork::Counts> counts;
  const std::vector<BlockingWork>& all = metrics_.options_.blocking_work;
  for (const BlockingWork& work : all) counts.push_back(work.read());
  exposition_.family("penstock_blocking_work_waiting", "gauge",
                     "Pieces of blocking work that wait for a thread.");
  for (std::size_t i = 0; i < all.size(); ++i) {
    exposition_.sample({{"work", all[i].name}}, counts[i].waiting);
  }
  exposition_.family("penstock_blocking_work_refused_total", "counter",
                     "Pieces of blocking work for which the queue had no place.");
  for (std::size_t i = 0; i < all.size(); ++i) {
    exposition_.sample({{"work", all[i].name}}, counts[i].refused);
  }
  return false;
}

bool MetricsPage::provider_counter(std::size_t provider, std::string_view name,
                                   std::string_view help, Counter ProviderSeries::* value) {
  if (provider == 0) exposition_.family(name, "counter", help);
  exposition_.sample(
      {{"provider", providers_[provider]}},
      sum_of(provider, [=](const ProviderSeries& series) { return (series.*value).value(); }));
  return provider + 1 < provider_count();
}

bool MetricsPage::write_opened(std::size_t provider) {
  return provider_counter(provider, "penstock_upstream_connections_opened_total",
                          "Connections made to the provider.", &ProviderSeries::connections_opened);
}

bool MetricsPage::write_reused(std::size_t provider) {
  return provider_counter(provider, "penstock_upstream_connections_reused_total",
                          "Requests sent on a connection that was already open.",
                          &ProviderSeries::connections_reused);
}

bool MetricsPage::write_retries(std::size_t provider) {
  return provider_counter(provider, "penstock_upstream_retries_total",
                          "Requests sent once more, on a new connection.",
                          &ProviderSeries::retries);
}

bool MetricsPage::write_upstream_errors(std::size_t provider) {
  if (provider == 0) {
    exposition_.family("penstock_upstream_errors_total", "counter", "Failed attempts by kind.");
  }
  for (std::size_t k = 0; k < kUpstreamErrorKindCount; ++k) {
    exposition_.sample(
        {{"provider", providers_[provider]}, {"kind", name_of(kUpstreamErrorKinds[k])}},
        sum_of(provider, [=](const ProviderSeries& series) { return series.errors[k].value(); }));
  }
  return provider + 1 < provider_count();
}

bool MetricsPage::write_tokens(std::size_t provider) {
  if (provider == 0) {
    exposition_.family("penstock_tokens_total", "counter", "Tokens as the answers state them.");
  }
  token_counter(provider, "prompt", &ProviderSeries::prompt_tokens);
  token_counter(provider, "completion", &ProviderSeries::completion_tokens);
  return provider + 1 < provider_count();
}

// A family of its own, so that the kinds of the other one can be added up.
bool MetricsPage::write_token_details(std::size_t provider) {
  if (provider == 0) {
    exposition_.family("penstock_token_details_total", "counter",
                       "Parts of penstock_tokens_total, as the answers state them.");
  }
  token_counter(provider, "cached", &ProviderSeries::cached_tokens);
  token_counter(provider, "cache_write", &ProviderSeries::cache_write_tokens);
  token_counter(provider, "reasoning", &ProviderSeries::reasoning_tokens);
  return provider + 1 < provider_count();
}

void MetricsPage::token_counter(std::size_t provider, std::string_view kind,
                                Counter ProviderSeries::* value) {
  exposition_.sample(
      {{"provider", providers_[provider]}, {"kind", kind}},
      sum_of(provider, [=](const ProviderSeries& series) { return (series.*value).value(); }));
}

// Null: the shard has not met the provider.
const RouteSeries* MetricsPage::series_of(const ShardReading& shard, std::size_t pair) const {
  const std::size_t provider = pair % provider_count();
  if (provider >= shard.providers.size()) return nullptr;
  return &shard.providers[provider]->routes[pair / provider_count()];
}

bool MetricsPage::histogram(std::size_t pair, std::string_view name, std::string_view help,
                            Histogram RouteSeries::* family) {
  if (pair == 0) exposition_.family(name, "histogram", help);
  if (pair >= pair_count()) return false;
  HistogramValues values;
  for (const ShardReading& shard : shards_) {
    const RouteSeries* series = series_of(shard, pair);
    if (series != nullptr) (series->*family).add_to(values);
  }
  // Most pairs of route and provider never occur.
  if (values.count() > 0) {
    exposition_.histogram({{"route", metrics_.options_.routes[pair / provider_count()]},
                           {"provider", providers_[pair % provider_count()]}},
                          values);
  }
  return pair + 1 < pair_count();
}

bool MetricsPage::write_durations(std::size_t pair) {
  return histogram(pair, "penstock_request_duration_seconds",
                   "From a request's arrival to the end of its answer.", &RouteSeries::durations);
}

bool MetricsPage::write_first_bytes(std::size_t pair) {
  return histogram(pair, "penstock_time_to_first_byte_seconds",
                   "From a request's arrival to the first byte of the upstream's answer.",
                   &RouteSeries::first_bytes);
}

void MetricsPage::request_lines(RouteId route, ProviderId provider, std::string_view model,
                                const ReadCounts& counts) {
  for (std::size_t i = 0; i < kStatusClassCount; ++i) {
    std::uint64_t requests = 0;
    for (const ShardReading& shard : shards_) {
      const RequestCounts* of_shard = counts(shard);
      if (of_shard != nullptr) requests += (*of_shard)[i].value();
    }
    if (requests == 0) continue;
    exposition_.sample({{"route", metrics_.options_.routes[static_cast<std::size_t>(route)]},
                        {"provider", providers_[static_cast<std::size_t>(provider)]},
                        {"model", model},
                        {"status_class", status_class_name(i)}},
                       requests);
  }
}

// First the requests without a catalog model, then the series, one by one.
bool MetricsPage::write_requests(std::size_t item) {
  if (item == 0) {
    exposition_.family("penstock_requests_total", "counter", "Requests that have ended.");
  }
  if (item < pair_count()) {
    const RouteId route{static_cast<std::uint16_t>(item / provider_count())};
    const ProviderId provider{static_cast<std::uint16_t>(item % provider_count())};
    const auto lines = [&](std::string_view model, RequestCounts RouteSeries::* counts) {
      request_lines(route, provider, model, [=, this](const ShardReading& shard) {
        const RouteSeries* series = series_of(shard, item);
        return series == nullptr ? nullptr : &(series->*counts);
      });
    };
    lines("none", &RouteSeries::without_model);
    lines("other", &RouteSeries::other_models);
  } else if (const std::size_t number = item - pair_count(); number < model_series_) {
    const ModelSeries& series = metrics_.series_[number];
    request_lines(series.route, series.provider, series.model,
                  [=](const ShardReading& shard) { return &shard.values->known_models[number]; });
  }
  return item + 1 < pair_count() + model_series_;
}

bool MetricsPage::write_lines_left_out(std::size_t) {
  // Read before the family begins, so that it does not count itself.
  const std::uint64_t lines = exposition_.lines_left_out();
  exposition_.family("penstock_metrics_lines_left_out", "gauge",
                     "Lines that did not fit into this answer.");
  exposition_.final_sample(lines);
  return false;
}

std::string Metrics::text() const {
  std::string all;
  MetricsPage page(*this);
  while (!page.at_end()) all.append(page.next());
  return all;
}

}  // namespace penstock::telemetry
