// The cost of telemetry and access for a request: its metrics, its log line, and its API key.

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "access/api_keys.h"
#include "telemetry/access_log.h"
#include "telemetry/metrics.h"

namespace penstock {
namespace {

using std::chrono::microseconds;

const telemetry::MetricsOptions kOptions{{"/v1/chat/completions"}, "0", {}};

void BM_MetricsOfOneRequest(benchmark::State& state) {
  telemetry::Metrics metrics(kOptions);
  telemetry::MetricsShard& shard = metrics.add_shard();
  const std::string model = "passthrough/llama-3.1-8b-instruct";
  const auto labels = metrics.serve({.providers = {"passthrough"}});
  telemetry::ProviderSeries& provider = shard.provider(labels.providers.front());
  std::int64_t i = 0;
  for (auto _ : state) {
    const telemetry::RequestSeries series =
        shard.resolve(telemetry::RouteId{0}, provider, telemetry::ModelLabel::known(model));
    shard.request_opened();
    provider.connection_reused();
    shard.first_byte(series, microseconds(++i % 1'000'000));
    provider.used({.prompt = 12, .completion = 34});
    shard.request_closed(series, 200, microseconds(i % 3'000'000));
  }
}
BENCHMARK(BM_MetricsOfOneRequest);

void BM_ScrapeOfAThousandSeries(benchmark::State& state) {
  telemetry::Metrics metrics(kOptions);
  const auto labels = metrics.serve({.providers = {"passthrough"}});
  for (int t = 0; t < 2; ++t) {
    telemetry::MetricsShard& shard = metrics.add_shard();
    telemetry::ProviderSeries& provider = shard.provider(labels.providers.front());
    for (int i = 0; i < 1000; ++i) {
      const std::string model = "passthrough/model-" + std::to_string(i);
      const auto series =
          shard.resolve(telemetry::RouteId{0}, provider, telemetry::ModelLabel::known(model));
      shard.request_closed(series, 200, microseconds(i));
    }
  }
  for (auto _ : state) benchmark::DoNotOptimize(metrics.text());
}
BENCHMARK(BM_ScrapeOfAThousandSeries)->Unit(benchmark::kMicrosecond);

void BM_AccessLogLine(benchmark::State& state) {
  const auto log = telemetry::AccessLog::open("/dev/null").value();
  telemetry::AccessLogShard shard(*log);
  telemetry::AccessRecord record;
  record.time = std::chrono::system_clock::now();
  record.request_id = "req_0123456789abcdef0123456789abcdef";
  record.principal = "team-a";
  record.peer = "192.0.2.7:41234";
  record.method = "POST";
  record.route = record.path = "/v1/chat/completions";
  record.model = "passthrough/llama-3.1-8b-instruct";
  record.provider = "passthrough";
  record.upstream_model = "llama-3.1-8b-instruct";
  record.status = record.upstream_status = 200;
  record.stream = record.reused_connection = true;
  record.attempts = 1;
  record.bytes_in = 1234;
  record.bytes_out = 56789;
  record.duration = microseconds(1'234'567);
  record.first_byte = microseconds(45'678);
  record.prompt_tokens = 100;
  record.completion_tokens = 200;
  record.total_tokens = 300;
  for (auto _ : state) {
    record.time += microseconds(50);
    shard.write(record);
  }
  state.counters["dropped"] = static_cast<double>(log->dropped_lines());
}
BENCHMARK(BM_AccessLogLine);

void BM_ApiKey(benchmark::State& state) {
  std::vector<config::ApiKey> entries;
  for (int i = 0; i < state.range(0); ++i) {
    config::ApiKey& entry = entries.emplace_back();
    entry.name = "name";
    entry.key = Secret("sk-0123456789abcdef-" + std::to_string(i));
  }
  access::ApiKeys keys(entries);
  for (auto _ : state) {
    access::Credentials credentials;
    credentials.add_authorization("Bearer sk-0123456789abcdef-0");
    benchmark::DoNotOptimize(keys.authenticate(credentials));
  }
}
BENCHMARK(BM_ApiKey)->Arg(1)->Arg(10'000);

}  // namespace
}  // namespace penstock

BENCHMARK_MAIN();
