#include "gateway/inspect_endpoints.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "core/json_writer.h"
#include "core/version.h"
#include "gateway/exchange.h"
#include "gateway/route_table.h"
#include "gateway/target_view.h"
#include "http/query.h"

namespace penstock::gateway {
namespace {

void write_health(JsonWriter& out, const config::Provider& provider,
                  const models::ProviderHealth& health) {
  using State = models::ProviderHealth::State;
  out.begin_object();
  if (!provider.base_url) {
    out.member("status", "Not Implemented").member("message", "each caller names its own upstream");
  } else if (provider.is_asleep()) {
    out.member("status", "Not Implemented").member("message", "each caller brings its own key");
  } else if (provider.listing.shape == config::ModelListing::Shape::kNone) {
    out.member("status", "Not Implemented").member("message", "the upstream lists no models");
  } else if (health.state == State::kOk) {
    out.member("status", "OK");
  } else {
    const bool is_known = health.state == State::kError;
    out.member("status", "Error")
        .member("message", is_known ? health.message : "the upstream has not answered yet");
  }
  out.end_object();
}

// What its targets on models' routes are doing, if it has any.
void write_provider(JsonWriter& out, const InspectServices& services, std::size_t index,
                    const Exchange& exchange) {
  const config::Provider& provider = services.providers[index];
  const SteadyTime now = exchange.loop().now();
  models::ProviderHealth health = services.registry.health(index);
  exchange.hidden().mask(health.message);
  out.begin_object()
      .member("api", "inference")
      .member("provider_id", provider.id)
      .member("provider_type", provider.type)
      .raw_member("config", provider.shown_config)
      .key("health");
  write_health(out, provider, health);
  if (services.chooser != nullptr && has_targets(services.chooser->router(), provider.id)) {
    out.key("targets");
    write_targets(out, services.chooser->router(), provider.id, now);
  }
  out.end_object();
}

// Of the configured providers, each once.
std::vector<std::string_view> types_of(const std::vector<config::Provider>& providers) {
  std::vector<std::string_view> types;
  for (const config::Provider& provider : providers) {
    if (std::ranges::count(types, provider.type) == 0) types.push_back(provider.type);
  }
  return types;
}

void write_route(JsonWriter& out, const Endpoint& endpoint, const Route& route,
                 const std::vector<std::string_view>& provider_types) {
  out.begin_object().member("route", endpoint.label).member("method", route.method);
  out.key("provider_types").begin_array();
  if (route.passing) {
    for (const std::string_view type : provider_types) out.text(type);
  }
  out.end_array().end_object();
}

// Whether any of our routes belong to that level of the API. Errors: kInvalidRequest.
Result<bool> shows_routes(std::string_view query) {
  constexpr std::array<std::string_view, 3> kOtherLevels = {"v1alpha", "v1beta", "deprecated"};
  const std::optional<std::string> level = http::query_parameter(query, "api_filter");
  if (!level || *level == "v1") return true;
  if (std::ranges::find(kOtherLevels, *level) != kOtherLevels.end()) return false;
  return failure(Error::client(ErrorKind::kInvalidRequest,
                               "api_filter: Input should be 'v1', 'v1alpha', 'v1beta' or "
                               "'deprecated'"));
}

Task<Status> list_providers(const InspectServices& services, Exchange& exchange,
                            const RouteMatch&) {
  std::string body;
  JsonWriter out(body);
  out.begin_object().key("data").begin_array();
  for (std::size_t i = 0; i < services.providers.size(); ++i) {
    write_provider(out, services, i, exchange);
  }
  out.end_array().end_object();
  co_return co_await exchange.responder().respond(200, kJsonType, body);
}

Task<Status> show_provider(const InspectServices& services, Exchange& exchange,
                           const RouteMatch& match) {
  const std::string id = decoded_id(match);
  for (std::size_t i = 0; i < services.providers.size(); ++i) {
    if (services.providers[i].id != id) continue;
    std::string body;
    JsonWriter out(body);
    write_provider(out, services, i, exchange);
    co_return co_await exchange.responder().respond(200, kJsonType, body);
  }
  Error error = Error::client(ErrorKind::kInvalidRequest, "Provider " + id + " not found");
  co_return failure(std::move(error));
}

// `api_filter=` in the query: v1 and nothing show all; v1alpha, v1beta and deprecated show none,
// since no such routes are served; another word is a 400.
Task<Status> list_routes(const InspectServices& services, Exchange& exchange,
                         const RouteMatch& match) {
  Result<bool> shown = shows_routes(match.query);
  if (!shown) co_return failure(std::move(shown.error()));
  const std::vector<std::string_view> types = types_of(services.providers);
  std::string body;
  JsonWriter out(body);
  out.begin_object().key("data").begin_array();
  for (const Endpoint& endpoint : services.routes.endpoints()) {
    if (!*shown) break;
    if (!serves(exchange.listener(), endpoint.audience)) continue;
    for (const ServedRoute& served : endpoint.routes) {
      write_route(out, endpoint, served.route, types);
    }
  }
  out.end_array().end_object();
  co_return co_await exchange.responder().respond(200, kJsonType, body);
}

Task<Status> show_version(const InspectServices&, Exchange& exchange, const RouteMatch&) {
  std::string body;
  JsonWriter(body).begin_object().member("version", kVersion).end_object();
  co_return co_await exchange.responder().respond(200, kJsonType, body);
}

constexpr RouteRow<InspectServices> shown_to_all(std::string_view path,
                                                 Task<Status> (*serve)(const InspectServices&,
                                                                       Exchange&,
                                                                       const RouteMatch&),
                                                 Access access = Access::kKeyed) {
  return {{.method = "GET", .path = path, .access = access, .audience = Audience::kEverybody},
          serve};
}

// The reference has the same under its level for administrators.
constexpr std::array kInspectRoutes = {
    shown_to_all("/v1/version", show_version, Access::kPublic),
    shown_to_all("/v1/providers", list_providers),
    shown_to_all("/v1/providers/{provider_id:path}", show_provider),
    shown_to_all("/v1/inspect/routes", list_routes),
    shown_to_all("/v1alpha/admin/version", show_version, Access::kPublic),
    shown_to_all("/v1alpha/admin/providers", list_providers),
    shown_to_all("/v1alpha/admin/providers/{provider_id:path}", show_provider),
    shown_to_all("/v1alpha/admin/inspect/routes", list_routes),
};

}  // namespace

std::span<const RouteRow<InspectServices>> inspect_routes() {
  return kInspectRoutes;
}

}  // namespace penstock::gateway
