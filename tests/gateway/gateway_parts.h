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

#include "gateway/gateway.h"
#include "gateway/route_table.h"
#include "gateway/routes.h"
#include "net/connector.h"

namespace penstock::gateway {

inline telemetry::MetricsOptions simulated_metrics_options() {
  telemetry::MetricsOptions options;
  const RouteTable table(routes(nullptr));
  for (const Endpoint& endpoint : table.endpoints()) options.routes.push_back(endpoint.label);
  options.providers.emplace_back("p");
  return options;
}

struct GatewayParts {
  GatewayParts() {
    config::Provider provider;
    provider.id = "p";
    provider.base_url = config::Url{.host = "upstream", .path = "/v1"};
    settings->providers.push_back(std::move(provider));
  }
  GatewayParts(const GatewayParts&) = delete;
  GatewayParts& operator=(const GatewayParts&) = delete;

  // `loop` and `connector` outlive this.
  void start_gateway(net::EventLoop& loop, net::Connector& connector) {
    registry.emplace(settings, WallTime{}, [](const auto&) {});
    models::ListedModel listed;
    listed.id = "m";
    (void)registry->listed(0, {registry->listed_model(0, std::move(listed), WallTime{})});
    context.emplace(Context{.settings = *settings,
                            .loop = loop,
                            .scratch = scratch,
                            .random = random,
                            .memory = memory,
                            .registry = *registry,
                            .log = log,
                            .metrics = metrics,
                            .shard = metrics.add_shard(),
                            .access_log = *access_log,
                            .access_log_shard = access_log_shard,
                            .secrets = secrets,
                            .ready = ready,
                            .keys = access::ApiKeys(settings->server.api_keys),
                            .providers = {},
                            .catalog = registry->catalog()});
    context->providers.push_back(std::make_unique<providers::Passthrough>(
        settings->providers.front(), settings->server,
        providers::Passthrough::Environment{
            .loop = loop, .connector = connector, .scratch = scratch, .tls = nullptr}));
    context->routes = std::make_unique<const RouteTable>(routes(&*context));
    gateway.emplace(*context);
  }

  // The value of a sample in the metrics; -1 if there is none.
  double sample(std::string_view name_and_labels) const {
    const std::string begin = std::string(name_and_labels) + " ";
    const std::string text = metrics.text();
    const std::size_t at = text.find(begin);
    return at == std::string::npos ? -1 : std::strtod(text.c_str() + at + begin.size(), nullptr);
  }

  http::ScratchPool scratch;
  SeededRandom random{1};
  MemoryTrimmer memory;
  std::shared_ptr<config::Settings> settings = std::make_shared<config::Settings>();
  telemetry::Log log{telemetry::LogLevel::kOff};
  telemetry::Metrics metrics{simulated_metrics_options()};
  std::unique_ptr<telemetry::AccessLog> access_log = *telemetry::AccessLog::open("off");
  telemetry::AccessLogShard access_log_shard{*access_log};
  SecretGuard secrets;
  std::atomic<bool> ready{true};
  std::optional<models::Registry> registry;
  std::optional<Context> context;
  std::optional<Gateway> gateway;
};

}  // namespace penstock::gateway
