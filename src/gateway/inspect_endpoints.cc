#include "gateway/inspect_endpoints.h"

#include <utility>

#include "core/version.h"
#include "gateway/json_text.h"

namespace penstock::gateway {
namespace {

constexpr std::string_view kProviderType = "remote::passthrough";

// The configuration as the reference shows it, secrets masked.
Json describe_config(const config::Provider& provider) {
  Json config;
  config["base_url"] = provider.base_url ? Json(provider.base_url->text()) : Json(nullptr);
  config["api_key"] = provider.api_key.empty() ? Json(nullptr) : Json(std::string(Secret::kMask));
  config["allowed_models"] =
      provider.allowed_models ? Json(*provider.allowed_models) : Json(nullptr);
  config["refresh_models"] = provider.refresh_models;
  Json forwarded = Json::object();
  for (const auto& header : provider.forward_headers) forwarded[header.key] = header.header;
  config["forward_headers"] = std::move(forwarded);
  return config;
}

Json describe_health(const config::Provider& provider, const models::ProviderHealth& health) {
  using State = models::ProviderHealth::State;
  if (!provider.base_url) {
    return {{"status", "Not Implemented"}, {"message", "each caller names its own upstream"}};
  }
  switch (health.state) {
    case State::kOk:
      return {{"status", "OK"}};
    case State::kError:
      return {{"status", "Error"}, {"message", health.message}};
    case State::kUnknown:
      break;
  }
  return {{"status", "Error"}, {"message", "the upstream has not answered yet"}};
}

Json describe_provider(const Context& context, std::size_t index) {
  const config::Provider& provider = context.settings.providers[index];
  return {{"api", "inference"},
          {"provider_id", provider.id},
          {"provider_type", kProviderType},
          {"config", describe_config(provider)},
          {"health", describe_health(provider, context.registry.health(index))}};
}

bool shows_routes(std::string_view query) {
  constexpr std::string_view kFilter = "api_filter=";
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view item = query.substr(0, end);
    if (item.starts_with(kFilter)) return item.substr(kFilter.size()) == "v1";
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  return true;
}

}  // namespace

Task<void> list_providers(Exchange& exchange) {
  const Context& context = exchange.context();
  Json data = Json::array();
  for (std::size_t i = 0; i < context.settings.providers.size(); ++i) {
    data.push_back(describe_provider(context, i));
  }
  const std::string body = dump(Json{{"data", std::move(data)}});
  co_await exchange.respond(200, kJson, body);
}

Task<void> show_provider(Exchange& exchange, const std::string& id) {
  const Context& context = exchange.context();
  for (std::size_t i = 0; i < context.settings.providers.size(); ++i) {
    if (context.settings.providers[i].id != id) continue;
    const std::string body = dump(describe_provider(context, i));
    co_return co_await exchange.respond(200, kJson, body);
  }
  Error error = Error::client(ErrorKind::kInvalidRequest, "Provider " + id + " not found");
  co_await exchange.fail(std::move(error));
}

Task<void> list_routes(Exchange& exchange, std::string_view query) {
  Json data = Json::array();
  for (const RouteEntry& entry : route_table()) {
    if (!shows_routes(query)) break;
    std::string_view methods = entry.methods;
    while (!methods.empty()) {
      const std::size_t space = methods.find(' ');
      Json provider_types = Json::array();
      if (!entry.upstream_path.empty()) provider_types.push_back(kProviderType);
      data.push_back({{"route", entry.path},
                      {"method", methods.substr(0, space)},
                      {"provider_types", std::move(provider_types)}});
      methods = space == std::string_view::npos ? "" : methods.substr(space + 1);
    }
  }
  const std::string body = dump(Json{{"data", std::move(data)}});
  co_await exchange.respond(200, kJson, body);
}

Task<void> show_version(Exchange& exchange) {
  const std::string body = dump(Json{{"version", kVersion}});
  co_await exchange.respond(200, kJson, body);
}

}  // namespace penstock::gateway
