#include "gateway/inspect_endpoints.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/text.h"
#include "core/version.h"
#include "gateway/json_text.h"

namespace penstock::gateway {
namespace {

constexpr std::string_view kProviderType = "remote::passthrough";

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
          {"config", Json::parse(provider.shown_config)},
          {"health", describe_health(provider, context.registry.health(index))}};
}

// The value of the last parameter of that name, decoded; nothing where there is none.
std::optional<std::string> parameter(std::string_view query, std::string_view name) {
  std::optional<std::string> found;
  while (!query.empty()) {
    const std::string_view item = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), item.size() + 1));
    const std::size_t equals = item.find('=');
    if (percent_decode(item.substr(0, equals)) != name) continue;
    const std::string_view value = equals == item.npos ? "" : item.substr(equals + 1);
    found = percent_decode(value).value_or(std::string(value));
  }
  return found;
}

// Whether the routes of that level of the API are any of ours. Errors: kInvalidRequest.
Result<bool> shows_routes(std::string_view query) {
  constexpr std::array<std::string_view, 3> kOtherLevels = {"v1alpha", "v1beta", "deprecated"};
  const std::optional<std::string> level = parameter(query, "api_filter");
  if (!level || *level == "v1") return true;
  if (std::ranges::find(kOtherLevels, *level) != kOtherLevels.end()) return false;
  return failure(Error::client(ErrorKind::kInvalidRequest,
                               "api_filter: Input should be 'v1', 'v1alpha', 'v1beta' or "
                               "'deprecated'"));
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
  Result<bool> shown = shows_routes(query);
  if (!shown) co_return co_await exchange.fail(std::move(shown.error()));
  Json data = Json::array();
  for (const RouteEntry& entry : route_table()) {
    if (!*shown) break;
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
