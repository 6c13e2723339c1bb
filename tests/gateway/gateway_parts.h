#pragma once

// GatewayParts: all that the real gateway needs, for tests on a simulated loop.
//
// It has one provider, `p`, which lists one model, `m`. A test changes `settings` before
// start_gateway().

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/gateway.h"
#include "gateway/model_list.h"
#include "gateway/readiness.h"
#include "gateway/route_table.h"
#include "gateway/routes.h"
#include "gateway/target_outcome.h"
#include "gateway/target_view.h"
#include "net/connector.h"

namespace penstock::gateway {

struct GatewayParts {
  explicit GatewayParts(telemetry::LogLevel log_level = telemetry::LogLevel::kOff,
                        const std::vector<std::string>& provider_ids = {"p"})
      : log(log_level) {
    for (const std::string& id : provider_ids) {
      config::Provider provider;
      provider.id = id;
      provider.base_url = config::Url{.host = id == "p" ? "upstream" : id, .path = "/v1"};
      settings->providers.push_back(std::move(provider));
    }
  }
  GatewayParts(const GatewayParts&) = delete;
  GatewayParts& operator=(const GatewayParts&) = delete;

  // `loop` and `connector` outlive this.
  void start_gateway(net::EventLoop& loop, net::Connector& connector) {
    registry.emplace(settings, WallTime{}, [](const auto&) {});
    models::ListedModel listed;
    listed.id = "m";
    (void)registry->listed(0, {registry->listed_model(0, std::move(listed), WallTime{})});
    for (const config::Provider& provider : settings->providers) {
      auto pools = std::make_shared<providers::OriginPools>(providers::OriginPools::Environment{
          .loop = loop, .connector = connector, .scratch = scratch});
      providers.push_back(
          providers::make_provider(provider, settings->server,
                                   {.pools = std::move(pools),
                                    .log = &log,
                                    .report = std::make_shared<providers::UpstreamReport>()}));
    }
    if (!settings->routing.routes.empty()) {
      chooser = std::make_shared<routing::Chooser>(
          std::make_shared<const routing::Router>(settings), random);
    }
    if (settings->providers.size() > 1) {
      pins = std::make_unique<routing::Pins>(pin_limits, random.next());
    }
    catalog = registry->catalog();
    access_log = *telemetry::AccessLog::open(access_log_target);
    access_log_shard.emplace(*access_log);
    metrics.emplace(metrics_options(loop));
    metrics->serve(served_before);
    labels = metrics->serve(served_labels(*settings));
    shard = &metrics->add_shard();
    accounts = limits::KeyAccounts(settings->server.api_keys, settings->owners, {});
    model_list.emplace(loop, confidential.credentials, settings->providers);
    services.emplace(RouteServices::Parts{.upstreams = {.settings = settings->providers,
                                                        .providers = providers,
                                                        .catalog = catalog,
                                                        .chooser = chooser,
                                                        .pins = pins.get()},
                                          .registry = *registry,
                                          .model_list = *model_list,
                                          .routes = *table,
                                          .server = settings->server,
                                          .readiness = readiness,
                                          .pulse = pulse,
                                          .metrics = *metrics,
                                          .shard = *shard,
                                          .access_log = *access_log});
    table.emplace(routes(&*services));
    gateway.emplace(Gateway::Parts{.settings = *settings,
                                   .labels = labels,
                                   .accounts = accounts,
                                   .estimator = estimator,
                                   .loop = loop,
                                   .scratch = scratch,
                                   .random = random,
                                   .memory = memory,
                                   .confidential = confidential,
                                   .routes = *table,
                                   .readiness = readiness,
                                   .log = log,
                                   .shard = *shard,
                                   .access_log = *access_log,
                                   .access_log_shard = *access_log_shard,
                                   .listener = listener});
  }

  // The value of a sample in the metrics; -1 if there is none.
  double sample(std::string_view name_and_labels) const {
    const std::string begin = std::string(name_and_labels) + " ";
    const std::string text = metrics->text();
    const std::size_t at = text.find(begin);
    return at == std::string::npos ? -1 : std::strtod(text.c_str() + at + begin.size(), nullptr);
  }

  telemetry::MetricsOptions metrics_options(net::EventLoop& loop) const {
    telemetry::MetricsOptions options;
    const RouteTable all(routes(nullptr));
    for (const Endpoint& endpoint : all.endpoints()) options.routes.push_back(endpoint.label);
    options.routing.outcomes = outcome_names();
    options.routing.targets = [this, &loop]() -> std::vector<telemetry::TargetReading> {
      if (chooser == nullptr) return {};
      return target_readings(chooser->router(), loop.now());
    };
    return options;
  }

  http::ScratchPool scratch;
  SeededRandom random{1};
  MemoryTrimmer memory;
  std::shared_ptr<config::Settings> settings = std::make_shared<config::Settings>();
  telemetry::Log log;
  telemetry::ServedLabels served_before;      // what the configuration before this one named
  std::optional<telemetry::Metrics> metrics;  // from start_gateway() on
  telemetry::SettingsLabels labels;           // likewise
  telemetry::MetricsShard* shard = nullptr;   // likewise
  limits::KeyAccounts accounts;               // likewise
  limits::Estimator estimator;
  std::string access_log_target = "off";
  std::unique_ptr<telemetry::AccessLog> access_log;           // likewise
  std::optional<telemetry::AccessLogShard> access_log_shard;  // likewise
  Confidential confidential;
  std::atomic<bool> upstreams_asked{true};
  Readiness readiness{upstreams_asked};
  net::LoopPulse pulse;
  ListenerKind listener = ListenerKind::kCommon;
  std::optional<models::Registry> registry;
  std::vector<std::unique_ptr<providers::Provider>> providers;
  std::shared_ptr<const models::Catalog> catalog;
  std::shared_ptr<routing::Chooser> chooser;  // null: no model has several upstreams
  routing::Pins::Limits pin_limits;
  std::unique_ptr<routing::Pins> pins;  // null: there is one provider
  std::optional<ModelList> model_list;
  std::optional<RouteServices> services;
  std::optional<RouteTable> table{std::in_place, routes(nullptr)};  // bound by start_gateway()
  std::optional<Gateway> gateway;
};

}  // namespace penstock::gateway
