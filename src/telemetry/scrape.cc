// Metrics::text(): the families in the order of docs/metrics.md. What could become long comes last,
// so that the limit on the text costs the least.

#include <chrono>
#include <functional>

#include "telemetry/exposition.h"
#include "telemetry/metrics.h"
#include "telemetry/process_stats.h"

namespace penstock::telemetry {

// One answer to a scrape: the shards as they are now, and where their sums go.
class Scrape {
 public:
  Scrape(const Metrics& metrics, std::string& out)
      : metrics_(metrics), exposition_(out, Metrics::kTextBytesMax) {
    const std::lock_guard lock(metrics.shards_mutex_);
    for (const auto& shard : metrics.shards_) shards_.push_back(&shard->values());
  }

  void write_process();
  void write_open();
  void write_not_received();
  void write_catalog();
  void write_limits_and_endings();
  void write_upstreams();
  void write_durations(std::string_view name, std::string_view help,
                       std::vector<Histogram> ShardValues::* family);
  void write_requests();
  void write_lines_left_out();

 private:
  using Provider = ShardValues::Provider;

  // The sum over all shards of what `read` finds in one of them.
  template <class Read>
  auto sum(Read read) const {
    decltype(read(*shards_.front())) total = 0;
    for (const ShardValues* shard : shards_) total += read(*shard);
    return total;
  }
  std::string_view provider_name(std::size_t provider) const {
    return provider == 0 ? "none" : std::string_view(metrics_.options_.providers[provider - 1]);
  }
  std::size_t provider_count() const { return metrics_.options_.providers.size() + 1; }

  void gauge(std::string_view name, std::string_view help, Gauge ShardValues::* value);
  void provider_counter(std::string_view name, std::string_view help, Counter Provider::* value);
  void request_lines(std::string_view route, std::string_view provider, std::string_view model,
                     std::size_t first);

  const Metrics& metrics_;
  Exposition exposition_;
  std::vector<const ShardValues*> shards_;
};

void Scrape::write_process() {
  exposition_.family("penstock_build_info", "gauge", "Always 1; the label tells the version.");
  exposition_.sample({{"version", metrics_.options_.version}}, std::uint64_t{1});
  exposition_.family("process_start_time_seconds", "gauge",
                     "When the server started, in seconds since 1970.");
  const auto started = metrics_.options_.started.time_since_epoch();
  exposition_.sample({}, std::chrono::duration<double>(started).count());
  exposition_.family("process_resident_memory_bytes", "gauge", "Resident memory.");
  if (const auto bytes = resident_memory_bytes()) exposition_.sample({}, *bytes);
  exposition_.family("process_open_fds", "gauge", "Open file descriptors.");
  if (const auto descriptors = open_descriptors()) exposition_.sample({}, *descriptors);
}

void Scrape::gauge(std::string_view name, std::string_view help, Gauge ShardValues::* value) {
  exposition_.family(name, "gauge", help);
  exposition_.sample({}, sum([value](const ShardValues& shard) { return (shard.*value).value(); }));
}

void Scrape::write_open() {
  gauge("penstock_open_connections", "Connections of clients.", &ShardValues::open_connections);
  gauge("penstock_open_requests", "Requests that are being served.", &ShardValues::open_requests);
  gauge("penstock_open_streams", "Answers that are being streamed.", &ShardValues::open_streams);
}

void Scrape::write_not_received() {
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
}

void Scrape::write_catalog() {
  exposition_.family("penstock_models_registered", "gauge", "Models that the provider serves.");
  for (std::size_t i = 1; i < provider_count(); ++i) {
    exposition_.sample({{"provider", provider_name(i)}}, metrics_.catalog_[i].models.load());
  }
  exposition_.family("penstock_provider_up", "gauge",
                     "1 where the provider answered when it was last asked for its models.");
  for (std::size_t i = 1; i < provider_count(); ++i) {
    exposition_.sample({{"provider", provider_name(i)}},
                       std::uint64_t{metrics_.catalog_[i].up.load() ? 1u : 0u});
  }
}

void Scrape::write_limits_and_endings() {
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
  exposition_.family("penstock_access_log_dropped_total", "counter",
                     "Access-log lines lost because the output was too slow or failed.");
  exposition_.sample({}, metrics_.access_log_dropped_.load(std::memory_order_relaxed));
}

void Scrape::provider_counter(std::string_view name, std::string_view help,
                              Counter Provider::* value) {
  exposition_.family(name, "counter", help);
  for (std::size_t i = 0; i < provider_count(); ++i) {
    exposition_.sample({{"provider", provider_name(i)}}, sum([=](const ShardValues& shard) {
                         return (shard.providers[i].*value).value();
                       }));
  }
}

void Scrape::write_upstreams() {
  provider_counter("penstock_upstream_connections_opened_total",
                   "Connections made to the provider.", &Provider::connections_opened);
  provider_counter("penstock_upstream_connections_reused_total",
                   "Requests sent over a connection that was open already.",
                   &Provider::connections_reused);
  provider_counter("penstock_upstream_retries_total",
                   "Requests sent once more, on a new connection.", &Provider::retries);
  exposition_.family("penstock_upstream_errors_total", "counter", "Failed attempts by kind.");
  for (std::size_t i = 0; i < provider_count(); ++i) {
    for (std::size_t k = 0; k < kUpstreamErrorKindCount; ++k) {
      exposition_.sample(
          {{"provider", provider_name(i)}, {"kind", name_of(kUpstreamErrorKinds[k])}},
          sum([=](const ShardValues& shard) { return shard.providers[i].errors[k].value(); }));
    }
  }
  exposition_.family("penstock_tokens_total", "counter", "Tokens as the answers state them.");
  for (std::size_t i = 0; i < provider_count(); ++i) {
    const auto total = [&](Counter Provider::* value) {
      return sum([=](const ShardValues& shard) { return (shard.providers[i].*value).value(); });
    };
    exposition_.sample({{"provider", provider_name(i)}, {"kind", "prompt"}},
                       total(&Provider::prompt_tokens));
    exposition_.sample({{"provider", provider_name(i)}, {"kind", "completion"}},
                       total(&Provider::completion_tokens));
  }
}

void Scrape::write_durations(std::string_view name, std::string_view help,
                             std::vector<Histogram> ShardValues::* family) {
  exposition_.family(name, "histogram", help);
  const auto& routes = metrics_.options_.routes;
  for (std::size_t pair = 0; pair < routes.size() * provider_count(); ++pair) {
    HistogramValues values;
    for (const ShardValues* shard : shards_) (shard->*family)[pair].add_to(values);
    // Most pairs of route and provider never meet.
    if (values.count() == 0) continue;
    exposition_.histogram({{"route", routes[pair / provider_count()]},
                           {"provider", provider_name(pair % provider_count())}},
                          values);
  }
}

void Scrape::request_lines(std::string_view route, std::string_view provider,
                           std::string_view model, std::size_t first) {
  for (std::size_t i = 0; i < kStatusClassCount; ++i) {
    const std::uint64_t requests =
        sum([=](const ShardValues& shard) { return shard.requests[first + i].value(); });
    if (requests == 0) continue;
    exposition_.sample({{"route", route},
                        {"provider", provider},
                        {"model", model},
                        {"status_class", status_class_name(i)}},
                       requests);
  }
}

void Scrape::write_requests() {
  exposition_.family("penstock_requests_total", "counter", "Requests that have ended.");
  if (shards_.empty()) return;
  const auto& routes = metrics_.options_.routes;
  const ShardValues& layout = *shards_.front();
  for (std::size_t pair = 0; pair < layout.pair_count; ++pair) {
    const std::string_view route = routes[pair / provider_count()];
    const std::string_view provider = provider_name(pair % provider_count());
    request_lines(route, provider, "none", layout.without_model(pair));
    request_lines(route, provider, "other", layout.other_model(pair));
  }
  const std::size_t series_count = metrics_.series_.size();
  for (std::size_t i = 0; i < series_count; ++i) {
    const ModelSeries& series = metrics_.series_[i];
    request_lines(routes[static_cast<std::size_t>(series.route)],
                  provider_name(static_cast<std::size_t>(series.provider)), series.model,
                  layout.known_model(i));
  }
}

void Scrape::write_lines_left_out() {
  // Read before the family is begun, so that it does not count itself.
  const std::uint64_t lines = exposition_.lines_left_out();
  exposition_.family("penstock_metrics_lines_left_out", "gauge",
                     "Lines of this text that had no room in it.");
  exposition_.final_sample(lines);
}

std::string Metrics::text() const {
  std::string out;
  Scrape scrape(*this, out);
  scrape.write_process();
  scrape.write_open();
  scrape.write_catalog();
  scrape.write_limits_and_endings();
  scrape.write_not_received();
  scrape.write_upstreams();
  scrape.write_durations("penstock_request_duration_seconds",
                         "From a request's arrival to the end of its answer.",
                         &ShardValues::durations);
  scrape.write_durations("penstock_time_to_first_byte_seconds",
                         "From a request's arrival to the first byte of the upstream's answer.",
                         &ShardValues::first_bytes);
  scrape.write_requests();
  scrape.write_lines_left_out();
  return out;
}

}  // namespace penstock::telemetry
