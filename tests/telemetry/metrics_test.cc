#include "telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "telemetry/metrics_page.h"

namespace penstock::telemetry {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr RouteId kChat{0};
constexpr RouteId kModels{1};

MetricsOptions options() {
  return {{"/v1/chat/completions", "/v1/models"},
          "0.1.0",
          WallTime{} + milliseconds(1'700'000'000'123)};
}

// The metrics of a server with these providers and two model routes.
struct ServedMetrics : Metrics {
  explicit ServedMetrics(MetricsOptions with = options(),
                         const std::vector<std::string>& providers = {"alpha", "beta"})
      : Metrics(std::move(with)),
        labels(serve({.providers = providers, .model_routes = {"smart", "small"}})) {}

  const SettingsLabels labels;
};

void finish_request(MetricsShard& shard, RequestSeries series, int status) {
  shard.request_opened();
  shard.request_closed(series, status, milliseconds(7));
}

// The number at the end of the line that begins with `series`, or -1.
double value_of(const std::string& text, const std::string& series) {
  const std::size_t at = text.find("\n" + series + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
}

std::size_t lines_with(const std::string& text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++count;
  }
  return count;
}

TEST(Metrics, CountsRequestsByRouteProviderModelAndStatusClass) {
  ServedMetrics metrics;
  MetricsShard& shard = metrics.add_shard();
  ProviderSeries& beta = shard.provider(metrics.provider("beta"));
  ProviderSeries& nobody = shard.provider(kNoProvider);
  const RequestSeries series = shard.resolve(kChat, beta, ModelLabel::known("beta/m1"));
  finish_request(shard, series, 200);
  finish_request(shard, series, 204);
  finish_request(shard, series, 429);
  finish_request(shard, shard.resolve(kModels, nobody, ModelLabel::none()), 401);
  finish_request(shard, shard.resolve(kChat, nobody, ModelLabel::other()), 0);

  const std::string text = metrics.text();
  const std::string known =
      R"(penstock_requests_total{route="/v1/chat/completions",provider="beta",model="beta/m1",)";
  EXPECT_EQ(value_of(text, known + R"(status_class="2xx"})"), 2);
  EXPECT_EQ(value_of(text, known + R"(status_class="4xx"})"), 1);
  EXPECT_EQ(value_of(text, R"(penstock_requests_total{route="/v1/models",provider="none",)"
                           R"(model="none",status_class="4xx"})"),
            1);
  EXPECT_EQ(
      value_of(text, R"(penstock_requests_total{route="/v1/chat/completions",provider="none",)"
                     R"(model="other",status_class="none"})"),
      1);
}

TEST(Metrics, AddsUpTheShards) {
  ServedMetrics metrics;
  MetricsShard& first = metrics.add_shard();
  MetricsShard& second = metrics.add_shard();
  ProviderSeries& of_first = first.provider(metrics.provider("alpha"));
  ProviderSeries& of_second = second.provider(metrics.provider("alpha"));
  // The shards see the models in different orders.
  first.resolve(kChat, of_first, ModelLabel::known("a"));
  finish_request(second, second.resolve(kChat, of_second, ModelLabel::known("b")), 200);
  finish_request(second, second.resolve(kChat, of_second, ModelLabel::known("a")), 200);
  finish_request(first, first.resolve(kChat, of_first, ModelLabel::known("b")), 200);
  first.request_opened();
  second.stream_opened();
  second.stream_opened();
  first.stream_opened();
  first.stream_closed(Ending::kClientGone);
  first.connection_opened();
  second.connection_opened();
  second.connection_closed();
  of_first.used({.prompt = 10, .completion = 3, .cached = 2, .reasoning = 1});
  of_second.used({.prompt = 5, .completion = 4, .cached = 1, .cache_write = 6});

  const std::string text = metrics.text();
  const std::string of_chat =
      R"(penstock_requests_total{route="/v1/chat/completions",provider="alpha",model=)";
  EXPECT_EQ(value_of(text, of_chat + R"("a",status_class="2xx"})"), 1);
  EXPECT_EQ(value_of(text, of_chat + R"("b",status_class="2xx"})"), 2);
  EXPECT_EQ(value_of(text, "penstock_open_requests"), 1);
  EXPECT_EQ(value_of(text, "penstock_open_streams"), 2);
  EXPECT_EQ(value_of(text, "penstock_open_connections"), 1);
  EXPECT_EQ(value_of(text, R"(penstock_streams_ended_total{ending="client_gone"})"), 1);
  EXPECT_EQ(value_of(text, R"(penstock_tokens_total{provider="alpha",kind="prompt"})"), 15);
  EXPECT_EQ(value_of(text, R"(penstock_tokens_total{provider="alpha",kind="completion"})"), 7);
  const std::string of_details = R"(penstock_token_details_total{provider="alpha",kind=)";
  EXPECT_EQ(value_of(text, of_details + R"("cached"})"), 3);
  EXPECT_EQ(value_of(text, of_details + R"("cache_write"})"), 6);
  EXPECT_EQ(value_of(text, of_details + R"("reasoning"})"), 1);
}

TEST(Metrics, WritesCumulativeHistogramsInSeconds) {
  ServedMetrics metrics;
  MetricsShard& shard = metrics.add_shard();
  ProviderSeries& alpha = shard.provider(metrics.provider("alpha"));
  const RequestSeries series = shard.resolve(kChat, alpha, ModelLabel::other());
  for (const auto duration : {milliseconds(1), milliseconds(2), milliseconds(700'000)}) {
    shard.request_opened();
    shard.request_closed(series, 200, duration);
  }
  shard.first_byte(series, std::chrono::microseconds(1'500'001));

  const std::string text = metrics.text();
  const std::string labels = R"({route="/v1/chat/completions",provider="alpha")";
  const std::string durations = "penstock_request_duration_seconds";
  EXPECT_EQ(value_of(text, durations + "_bucket" + labels + R"(,le="0.001"})"), 1);
  EXPECT_EQ(value_of(text, durations + "_bucket" + labels + R"(,le="0.002"})"), 2);
  EXPECT_EQ(value_of(text, durations + "_bucket" + labels + R"(,le="600"})"), 2);
  EXPECT_EQ(value_of(text, durations + "_bucket" + labels + R"(,le="+Inf"})"), 3);
  EXPECT_EQ(value_of(text, durations + "_count" + labels + "}"), 3);
  EXPECT_DOUBLE_EQ(value_of(text, durations + "_sum" + labels + "}"), 700.003);
  EXPECT_DOUBLE_EQ(value_of(text, "penstock_time_to_first_byte_seconds_sum" + labels + "}"),
                   1.500001);
}

TEST(Metrics, CountsWhatHappensToUpstreamsAndLimits) {
  ServedMetrics metrics;
  MetricsShard& shard = metrics.add_shard();
  const ProviderId alpha = metrics.provider("alpha");
  ProviderSeries& series = shard.provider(alpha);
  series.connection_opened();
  series.connection_reused();
  series.connection_reused();
  series.failed(ErrorKind::kUpstreamTimeout);
  series.failed(ErrorKind::kClientGone);
  shard.limit_hit(Limit::kHeaderBytes);
  shard.limit_hit(Limit::kDrain);
  metrics.set_models_registered(alpha, 42);
  metrics.set_provider_up(alpha, ProviderUp::kYes);
  metrics.set_access_log_dropped(9);

  const std::string text = metrics.text();
  EXPECT_EQ(value_of(text, R"(penstock_upstream_connections_opened_total{provider="alpha"})"), 1);
  EXPECT_EQ(value_of(text, R"(penstock_upstream_connections_reused_total{provider="alpha"})"), 2);
  EXPECT_EQ(value_of(text, R"(penstock_upstream_errors_total{provider="alpha",)"
                           R"(kind="upstream_timeout"})"),
            1);
  EXPECT_THAT(text, Not(HasSubstr("kind=\"client_gone\"")));
  EXPECT_EQ(value_of(text, R"(penstock_limit_hits_total{limit="header_bytes"})"), 1);
  EXPECT_EQ(value_of(text, R"(penstock_limit_hits_total{limit="drain"})"), 1);
  EXPECT_EQ(value_of(text, R"(penstock_limit_hits_total{limit="body_bytes"})"), 0);
  EXPECT_EQ(value_of(text, R"(penstock_models_registered{provider="alpha"})"), 42);
  EXPECT_EQ(value_of(text, R"(penstock_provider_up{provider="alpha"})"), 1);
  EXPECT_EQ(value_of(text, R"(penstock_provider_up{provider="beta"})"), 0);
  EXPECT_EQ(value_of(text, "penstock_access_log_dropped_total"), 9);
}

TEST(Metrics, TellsWhatWaitsForAThread) {
  MetricsOptions with_work = options();
  BlockingWork::Counts counts{.waiting = 3, .refused = 1};
  with_work.blocking_work.push_back({"lookups", [&counts] { return counts; }});
  const Metrics metrics(std::move(with_work));
  EXPECT_EQ(value_of(metrics.text(), R"(penstock_blocking_work_waiting{work="lookups"})"), 3);
  counts.waiting = 2;
  const std::string text = metrics.text();
  EXPECT_EQ(value_of(text, R"(penstock_blocking_work_waiting{work="lookups"})"), 2);
  EXPECT_EQ(value_of(text, R"(penstock_blocking_work_refused_total{work="lookups"})"), 1);
}

MetricsOptions options_with_targets(std::function<std::vector<TargetReading>()> read) {
  MetricsOptions with_targets = options();
  with_targets.routing = {.outcomes = {"ok", "rate_limited"}, .targets = std::move(read)};
  return with_targets;
}

TEST(Metrics, CountsTheAttemptsOfProvidersThatAreTargets) {
  ServedMetrics metrics(options_with_targets(
      [] { return std::vector<TargetReading>{{.provider = "beta", .model = "m"}}; }));
  MetricsShard& shard = metrics.add_shard();
  const SettingsSeries series = shard.series_of(metrics.labels);
  series.providers[1]->target_asked(OutcomeId{0});
  series.providers[1]->target_asked(OutcomeId{1});
  metrics.add_shard().series_of(metrics.labels).providers[1]->target_asked(OutcomeId{1});
  series.fallbacks[1]->add();
  shard.hedged(HedgeResult::kLost);

  const std::string text = metrics.text();
  EXPECT_EQ(value_of(text, R"(penstock_attempts_total{provider="beta",class="ok"})"), 1);
  EXPECT_EQ(value_of(text, R"(penstock_attempts_total{provider="beta",class="rate_limited"})"), 2);
  EXPECT_THAT(text, Not(HasSubstr(R"(penstock_attempts_total{provider="alpha")")));
  EXPECT_EQ(value_of(text, R"(penstock_fallbacks_total{model="smart"})"), 0);
  EXPECT_EQ(value_of(text, R"(penstock_fallbacks_total{model="small"})"), 1);
  EXPECT_EQ(value_of(text, R"(penstock_hedges_total{result="won"})"), 0);
  EXPECT_EQ(value_of(text, R"(penstock_hedges_total{result="lost"})"), 1);
}

TEST(Metrics, TellsTheStateOfEachTargetAtTheTimeOfThePage) {
  std::vector<TargetReading> targets = {
      {.provider = "alpha", .model = "m", .in_flight = 3, .cooldown_seconds = 1.5},
      {.provider = "beta", .model = "m", .first_content_seconds = 0.25}};
  targets[0].families = {{"chat", TargetReading::State::kCooling}};
  targets[1].families = {{"chat", TargetReading::State::kUsable},
                         {"embeddings", TargetReading::State::kOpen}};
  const ServedMetrics metrics(options_with_targets([&targets] { return targets; }));
  const std::string first = metrics.text();
  targets[0].in_flight = 4;
  targets[0].families[0].state = TargetReading::State::kHalfOpen;
  const std::string text = metrics.text();

  const std::string alpha = R"({provider="alpha",model="m")";
  const std::string beta = R"({provider="beta",model="m")";
  EXPECT_EQ(value_of(first, "penstock_target_in_flight" + alpha + "}"), 3);
  EXPECT_EQ(value_of(text, "penstock_target_in_flight" + alpha + "}"), 4);
  EXPECT_EQ(value_of(text, "penstock_target_in_flight" + beta + "}"), 0);
  EXPECT_EQ(value_of(first, "penstock_target_state" + alpha + R"(,family="chat"})"), 1);
  EXPECT_EQ(value_of(text, "penstock_target_state" + alpha + R"(,family="chat"})"), 3);
  EXPECT_EQ(value_of(text, "penstock_target_state" + beta + R"(,family="chat"})"), 0);
  EXPECT_EQ(value_of(text, "penstock_target_state" + beta + R"(,family="embeddings"})"), 2);
  EXPECT_EQ(value_of(text, "penstock_target_cooldown_seconds" + alpha + "}"), 1.5);
  EXPECT_EQ(value_of(text, "penstock_target_first_content_seconds" + beta + "}"), 0.25);
  EXPECT_THAT(text, Not(HasSubstr("penstock_target_first_content_seconds" + alpha)));
}

// `none` is the label of requests that reach no provider.
TEST(Metrics, GivesATargetTheNameThatItsProviderHasInOtherFamilies) {
  MetricsOptions with_none = options_with_targets(
      [] { return std::vector<TargetReading>{{.provider = "none", .model = "m"}}; });
  ServedMetrics metrics(std::move(with_none), {"none"});
  metrics.add_shard().provider(metrics.labels.providers[0]).target_asked(OutcomeId{0});
  const std::string text = metrics.text();
  EXPECT_EQ(value_of(text, R"(penstock_attempts_total{provider="none_",class="ok"})"), 1);
  EXPECT_EQ(value_of(text, R"(penstock_target_in_flight{provider="none_",model="m"})"), 0);
}

TEST(Metrics, TellsOfTheProcess) {
  const std::string text = Metrics(options()).text();
  EXPECT_EQ(value_of(text, R"(penstock_build_info{version="0.1.0"})"), 1);
  EXPECT_DOUBLE_EQ(value_of(text, "process_start_time_seconds"), 1'700'000'000.123);
  EXPECT_GT(value_of(text, "process_resident_memory_bytes"), 100'000);
  EXPECT_GE(value_of(text, "process_open_fds"), 3);
}

TEST(Metrics, GivesJunkAndLongModelNamesNoSeriesOfTheirOwn) {
  ServedMetrics metrics;
  MetricsShard& shard = metrics.add_shard();
  ProviderSeries& nobody = shard.provider(kNoProvider);
  const RequestCounts& other = shard.resolve(kChat, nobody, ModelLabel::other()).requests;
  for (const std::string& name :
       {std::string(SeriesCache::kModelBytesMax + 1, 'm'), std::string("other"),
        std::string("none"), std::string("a\nb"), std::string("a\xff")}) {
    EXPECT_EQ(&shard.resolve(kChat, nobody, ModelLabel::known(name)).requests, &other);
  }
  const std::string longest(SeriesCache::kModelBytesMax, 'm');
  EXPECT_NE(&shard.resolve(kChat, nobody, ModelLabel::known(longest)).requests, &other);
}

TEST(Metrics, FoldsModelsBeyondTheSeriesLimitIntoOther) {
  ServedMetrics metrics;
  MetricsShard& first = metrics.add_shard();
  MetricsShard& second = metrics.add_shard();
  ProviderSeries& of_first = first.provider(metrics.provider("alpha"));
  ProviderSeries& of_second = second.provider(metrics.provider("alpha"));
  const std::size_t asked = 100'000;
  for (std::size_t i = 0; i < asked; ++i) {
    const std::string name = "alpha/m" + std::to_string(i);
    finish_request(first, first.resolve(kChat, of_first, ModelLabel::known(name)), 200);
  }
  // A shard that is added late finds the existing series, and no more.
  finish_request(second, second.resolve(kChat, of_second, ModelLabel::known("alpha/late")), 200);
  finish_request(second, second.resolve(kChat, of_second, ModelLabel::known("alpha/m999")), 200);

  const std::string text = metrics.text();
  EXPECT_EQ(lines_with(text, "\npenstock_requests_total{"), SeriesRegistry::kSeriesMax + 1);
  const std::string of_chat =
      R"(penstock_requests_total{route="/v1/chat/completions",provider="alpha",model=)";
  EXPECT_EQ(value_of(text, of_chat + R"("other",status_class="2xx"})"),
            static_cast<double>(asked - SeriesRegistry::kSeriesMax + 1));
  EXPECT_EQ(value_of(text, of_chat + R"("alpha/m999",status_class="2xx"})"), 2);
  EXPECT_LT(text.size(), 1024 * 1024u);
}

// Metrics with more lines than there is room for.
std::unique_ptr<const ServedMetrics> large_metrics() {
  MetricsOptions many = options();
  many.routes.clear();
  for (int i = 0; i < 40; ++i) many.routes.push_back("/route/" + std::to_string(i));
  std::vector<std::string> providers;
  for (int i = 100; i < 200; ++i) providers.push_back(std::string(200, 'p') + std::to_string(i));
  auto metrics = std::make_unique<ServedMetrics>(many, providers);
  MetricsShard& shard = metrics->add_shard();
  for (std::uint16_t route = 0; route < 40; ++route) {
    for (std::uint16_t provider = 0; provider <= 100; ++provider) {
      const RequestSeries series =
          shard.resolve(RouteId{route}, shard.provider(ProviderId{provider}), ModelLabel::none());
      finish_request(shard, series, 200);
    }
  }
  return metrics;
}

TEST(Metrics, LeavesOutWhatHasNoRoomAndSaysSo) {
  const std::string text = large_metrics()->text();
  EXPECT_LT(text.size(), Metrics::kTextBytesMax + 1024);
  EXPECT_GT(value_of(text, "penstock_metrics_lines_left_out"), 0);
  EXPECT_EQ(lines_with(text, "_seconds_count{"), lines_with(text, "le=\"0.001\""));
}

TEST(MetricsPage, IsMadeInSlicesOfWholeLines) {
  const std::unique_ptr<const ServedMetrics> metrics = large_metrics();
  MetricsPage page(*metrics);
  std::string all;
  std::size_t largest = 0;
  while (!page.at_end()) {
    const std::string& slice = page.next();
    ASSERT_TRUE(slice.ends_with('\n'));
    largest = std::max(largest, slice.capacity());
    all += slice;
  }
  EXPECT_LT(largest, 3 * MetricsPage::kSliceBytes);
  EXPECT_GT(all.size(), Metrics::kTextBytesMax / 2);
  EXPECT_EQ(page.next(), "");
  // The values of the process change.
  const std::string text = metrics->text();
  const auto of_requests = [](const std::string& whole) {
    return whole.substr(whole.find("# HELP penstock_models_registered"));
  };
  EXPECT_TRUE(of_requests(all) == of_requests(text));
}

TEST(Metrics, EveryLineIsTextFormat) {
  ServedMetrics metrics(options(), {"quote\" back\\slash new\nline", "bad\xff", "none", "none_"});
  MetricsShard& shard = metrics.add_shard();
  ProviderSeries& quoted = shard.provider(metrics.labels.providers[0]);
  finish_request(shard, shard.resolve(kChat, quoted, ModelLabel::known("m\"\\x")), 200);
  const std::string text = metrics.text();

  EXPECT_THAT(text, HasSubstr(R"(provider="quote\" back\\slash new\nline",model="m\"\\x")"));
  EXPECT_THAT(text, HasSubstr(R"(provider="bad?")"));
  const std::string sample =
      R"re([a-z_]+(\{[a-z_]+="([^"\\]|\\.)*"(,[a-z_]+="([^"\\]|\\.)*")*\})? [0-9.]+)re";
  std::set<std::string> seen;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ") || line.starts_with("# TYPE ")) continue;
    EXPECT_THAT(line, ::testing::MatchesRegex(sample));
    EXPECT_TRUE(seen.insert(line.substr(0, line.rfind(' '))).second) << "twice: " << line;
  }
}

TEST(Metrics, MayBeReadWhileShardsAreWrittenAndSeriesAppear) {
  ServedMetrics metrics;
  constexpr int kThreads = 3;
  constexpr int kRequests = 3'000;
  std::atomic<int> running = kThreads;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&metrics, &running, t] {
      MetricsShard& shard = metrics.add_shard();
      ProviderSeries& alpha = shard.provider(metrics.provider("alpha"));
      for (int i = 0; i < kRequests; ++i) {
        // Every second model is common to all threads.
        const std::string name =
            "m" + std::to_string(i % 200) + (i % 2 == 0 ? "" : "-" + std::to_string(t));
        const RequestSeries series = shard.resolve(kChat, alpha, ModelLabel::known(name));
        finish_request(shard, series, 200);
        shard.first_byte(series, milliseconds(i));
      }
      --running;
    });
  }
  do {
    EXPECT_THAT(metrics.text(), HasSubstr("penstock_metrics_lines_left_out 0\n"));
  } while (running > 0);
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(value_of(metrics.text(),
                     R"(penstock_request_duration_seconds_count{route="/v1/chat/completions",)"
                     R"(provider="alpha"})"),
            kThreads * kRequests);
}

}  // namespace
}  // namespace penstock::telemetry
