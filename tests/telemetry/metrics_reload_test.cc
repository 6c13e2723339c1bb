// What happens to the series when a configuration is replaced.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "telemetry/metrics.h"
#include "telemetry/metrics_page.h"

namespace penstock::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr RouteId kRoute{0};

MetricsOptions options_without_names() {
  return {.routes = {"/r"}, .version = "0", .routing = {.outcomes = {"ok"}, .targets = {}}};
}

// The number at the end of the line that begins with `series`, or -1.
double sample(const std::string& text, const std::string& series) {
  const std::size_t at = text.find("\n" + series + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
}

// A request of a model that a provider serves.
void count_request(MetricsShard& shard, ProviderSeries& provider, std::string_view model) {
  const RequestSeries series = shard.resolve(kRoute, provider, ModelLabel::known(model));
  shard.request_opened();
  shard.first_byte(series, std::chrono::milliseconds(2));
  shard.request_closed(series, 200, std::chrono::milliseconds(7));
  provider.connection_opened();
  provider.used({.prompt = 10});
  provider.target_asked(OutcomeId{0});
}

double requests_of(const std::string& text, const std::string& provider, const std::string& model) {
  return sample(text, "penstock_requests_total{route=\"/r\",provider=\"" + provider +
                          "\",model=\"" + model + "\",status_class=\"2xx\"}");
}

std::string of_provider(const std::string& family, const std::string& provider) {
  return family + "{provider=\"" + provider + "\"}";
}

TEST(MetricsReload, KeepsTheCountersOfAProviderThatIsRemovedAndComesBack) {
  Metrics metrics(options_without_names());
  MetricsShard& shard = metrics.add_shard();
  const SettingsLabels first = metrics.serve({.providers = {"alpha", "beta"}});
  count_request(shard, *shard.series_of(first).providers[1], "m");
  metrics.serve({.providers = {"alpha"}});
  const std::string without = metrics.text();
  const SettingsLabels again = metrics.serve({.providers = {"alpha", "beta"}});
  count_request(shard, *shard.series_of(again).providers[1], "m");

  const std::string opened = of_provider("penstock_upstream_connections_opened_total", "beta");
  EXPECT_EQ(sample(without, opened), 1);
  EXPECT_EQ(requests_of(without, "beta", "m"), 1);
  EXPECT_EQ(sample(metrics.text(), opened), 2);
  EXPECT_EQ(requests_of(metrics.text(), "beta", "m"), 2);
}

TEST(MetricsReload, CountsEachConfigurationByItsOwnOrder) {
  Metrics metrics(options_without_names());
  const SettingsLabels old_labels =
      metrics.serve({.providers = {"alpha", "beta"}, .model_routes = {"smart", "small"}});
  MetricsShard& shard = metrics.add_shard();
  const SettingsSeries old_series = shard.series_of(old_labels);
  const SettingsLabels labels = metrics.serve(
      {.providers = {"gamma", "beta", "alpha"}, .model_routes = {"tiny", "small", "smart"}});
  const SettingsSeries series = shard.series_of(labels);

  // Requests of the old configuration are still open when the new one is served.
  count_request(shard, *old_series.providers[0], "a");
  old_series.fallbacks[0]->add();
  count_request(shard, *series.providers[2], "a");
  series.fallbacks[2]->add(2);
  count_request(shard, *series.providers[0], "g");
  series.fallbacks[0]->add();

  const std::string text = metrics.text();
  EXPECT_EQ(requests_of(text, "alpha", "a"), 2);
  EXPECT_EQ(requests_of(text, "beta", "a"), -1);
  EXPECT_EQ(requests_of(text, "gamma", "g"), 1);
  EXPECT_EQ(sample(text, R"(penstock_tokens_total{provider="alpha",kind="prompt"})"), 20);
  EXPECT_EQ(sample(text, R"(penstock_tokens_total{provider="beta",kind="prompt"})"), 0);
  EXPECT_EQ(sample(text, R"(penstock_tokens_total{provider="gamma",kind="prompt"})"), 10);
  EXPECT_EQ(sample(text, R"(penstock_attempts_total{provider="alpha",class="ok"})"), 2);
  const std::string durations = "penstock_request_duration_seconds_count{route=\"/r\",provider=";
  EXPECT_EQ(sample(text, durations + "\"alpha\"}"), 2);
  EXPECT_EQ(sample(text, durations + "\"gamma\"}"), 1);
  EXPECT_EQ(sample(text, R"(penstock_fallbacks_total{model="smart"})"), 3);
  EXPECT_EQ(sample(text, R"(penstock_fallbacks_total{model="small"})"), 0);
  EXPECT_EQ(sample(text, R"(penstock_fallbacks_total{model="tiny"})"), 1);
}

TEST(MetricsReload, TellsOnlyOfConfiguredProvidersWhatTheyAreAtPresent) {
  Metrics metrics(options_without_names());
  metrics.serve({.providers = {"alpha", "beta"}});
  for (const char* id : {"alpha", "beta"}) {
    metrics.set_provider_up(metrics.provider(id), ProviderUp::kYes);
    metrics.set_models_registered(metrics.provider(id), 7);
  }
  metrics.serve({.providers = {"beta"}});
  const std::string without = metrics.text();
  EXPECT_EQ(sample(without, of_provider("penstock_provider_up", "alpha")), -1);
  EXPECT_EQ(sample(without, of_provider("penstock_models_registered", "alpha")), -1);
  EXPECT_EQ(sample(without, of_provider("penstock_provider_up", "beta")), 1);
  EXPECT_EQ(sample(without, of_provider("penstock_models_registered", "beta")), 7);
  EXPECT_EQ(sample(without, of_provider("penstock_upstream_retries_total", "alpha")), 0);

  // It has not been asked yet.
  metrics.serve({.providers = {"beta", "alpha"}});
  const std::string again = metrics.text();
  EXPECT_EQ(sample(again, of_provider("penstock_provider_up", "alpha")), 0);
  EXPECT_EQ(sample(again, of_provider("penstock_models_registered", "alpha")), 0);
  EXPECT_EQ(sample(again, of_provider("penstock_provider_up", "beta")), 1);
}

TEST(MetricsReload, SeparatesProvidersWhoseNamesAreThoseOfLabels) {
  Metrics metrics(options_without_names());
  const SettingsLabels labels = metrics.serve({.providers = {"none", "none_", "nonet"}});
  MetricsShard& shard = metrics.add_shard();
  count_request(shard, *shard.series_of(labels).providers[1], "m");
  metrics.set_provider_up(metrics.provider("none"), ProviderUp::kYes);

  const std::string text = metrics.text();
  EXPECT_EQ(sample(text, of_provider("penstock_provider_up", "none")), -1);
  EXPECT_EQ(sample(text, of_provider("penstock_provider_up", "none_")), 1);
  EXPECT_EQ(sample(text, of_provider("penstock_provider_up", "none__")), 0);
  EXPECT_EQ(sample(text, of_provider("penstock_provider_up", "nonet")), 0);
  EXPECT_EQ(requests_of(text, "none_", "m"), -1);
  EXPECT_EQ(requests_of(text, "none__", "m"), 1);
}

TEST(MetricsReload, FoldsProvidersAndRoutesBeyondTheirLimitsIntoOther) {
  Metrics metrics(options_without_names());
  MetricsShard& shard = metrics.add_shard();
  ServedLabels many;
  for (std::size_t i = 0; i < Metrics::kProvidersMax; ++i) {
    many.providers.push_back("p" + std::to_string(i));
  }
  for (std::size_t i = 0; i <= Metrics::kModelRoutesMax; ++i) {
    many.model_routes.push_back("r" + std::to_string(i));
  }
  metrics.serve(many);
  const SettingsLabels labels =
      metrics.serve({.providers = {"late", "p0", "later"}, .model_routes = {"r0", "late"}});
  const SettingsSeries series = shard.series_of(labels);
  for (ProviderSeries* provider : series.providers) count_request(shard, *provider, "m");
  for (Counter* fallbacks : series.fallbacks) fallbacks->add();
  metrics.set_provider_up(metrics.provider("late"), ProviderUp::kYes);

  const std::string text = metrics.text();
  EXPECT_EQ(requests_of(text, "other", "m"), 2);
  EXPECT_EQ(requests_of(text, "p0", "m"), 1);
  EXPECT_EQ(sample(text, R"(penstock_fallbacks_total{model="r0"})"), 1);
  EXPECT_EQ(sample(text, R"(penstock_fallbacks_total{model="other"})"), 1);
  EXPECT_EQ(sample(text, of_provider("penstock_provider_up", "p0")), 0);
  // It would be true of one of them at most.
  EXPECT_EQ(sample(text, of_provider("penstock_provider_up", "other")), -1);
  EXPECT_EQ(sample(text, of_provider("penstock_provider_up", "none")), -1);
}

TEST(MetricsReload, LeavesAPageThatHasBegunAsItIs) {
  Metrics metrics(options_without_names());
  MetricsShard& shard = metrics.add_shard();
  const SettingsLabels first = metrics.serve({.providers = {"alpha"}});
  count_request(shard, *shard.series_of(first).providers[0], "m");
  MetricsPage page(metrics);
  const SettingsLabels second = metrics.serve({.providers = {"new"}, .model_routes = {"new"}});
  count_request(shard, *shard.series_of(second).providers[0], "new");
  shard.series_of(second).fallbacks[0]->add();

  std::string text;
  while (!page.at_end()) text += page.next();
  EXPECT_EQ(requests_of(text, "alpha", "m"), 1);
  EXPECT_THAT(text, Not(HasSubstr("\"new\"")));
  EXPECT_EQ(requests_of(metrics.text(), "new", "new"), 1);
}

// One configuration after another, each with a provider of its own and one that all have.
class Configurations {
 public:
  explicit Configurations(Metrics& metrics) : metrics_(metrics) { replace(); }

  void replace() {
    const std::string name = "only-" + std::to_string(number_++);
    const SettingsLabels labels =
        metrics_.serve({.providers = {name, "kept"}, .model_routes = {name, "kept"}});
    const std::lock_guard lock(mutex_);
    current_ = labels;
  }
  SettingsLabels current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }

 private:
  Metrics& metrics_;
  int number_ = 0;
  mutable std::mutex mutex_;
  SettingsLabels current_;
};

TEST(MetricsReload, MayHappenWhileThreadsCountAndPagesAreRead) {
  Metrics metrics(options_without_names());
  Configurations configurations(metrics);
  constexpr int kReloads = 60;
  std::atomic<bool> is_over = false;
  std::atomic<int> requests = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      MetricsShard& shard = metrics.add_shard();
      for (; !is_over; ++requests) {
        const SettingsSeries series = shard.series_of(configurations.current());
        for (ProviderSeries* provider : series.providers) count_request(shard, *provider, "m");
        for (Counter* fallbacks : series.fallbacks) fallbacks->add();
      }
    });
  }
  double before = 0;
  for (int i = 0; i < kReloads || requests == 0; ++i) {
    configurations.replace();
    const std::string text = metrics.text();
    const double now = std::max(0.0, requests_of(text, "kept", "m"));
    EXPECT_GE(now, before);
    before = now;
  }
  is_over = true;
  for (std::thread& thread : threads) thread.join();

  const std::string text = metrics.text();
  EXPECT_EQ(requests_of(text, "kept", "m"), requests);
  EXPECT_EQ(sample(text, R"(penstock_fallbacks_total{model="kept"})"), requests);
}

}  // namespace
}  // namespace penstock::telemetry
