#include "gateway/inspect_endpoints.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/json_writer.h"
#include "core/text.h"
#include "core/version.h"

namespace penstock::gateway {
namespace {

constexpr std::string_view kProviderType = "remote::passthrough";

void write_health(JsonWriter& out, const config::Provider& provider,
                  const models::ProviderHealth& health) {
  using State = models::ProviderHealth::State;
  out.begin_object();
  if (!provider.base_url) {
    out.member("status", "Not Implemented").member("message", "each caller names its own upstream");
  } else if (health.state == State::kOk) {
    out.member("status", "OK");
  } else {
    const bool is_known = health.state == State::kError;
    out.member("status", "Error")
        .member("message", is_known ? health.message : "the upstream has not answered yet");
  }
  out.end_object();
}

void write_provider(JsonWriter& out, const Context& context, std::size_t index) {
  const config::Provider& provider = context.settings.providers[index];
  out.begin_object()
      .member("api", "inference")
      .member("provider_id", provider.id)
      .member("provider_type", kProviderType)
      .raw_member("config", provider.shown_config)
      .key("health");
  write_health(out, provider, context.registry.health(index));
  out.end_object();
}

void write_route(JsonWriter& out, const RouteEntry& entry, std::string_view method) {
  out.begin_object().member("route", entry.path).member("method", method);
  out.key("provider_types").begin_array();
  if (!entry.upstream_path.empty()) out.text(kProviderType);
  out.end_array().end_object();
}

// The value of the last parameter of that name, decoded; nullopt if there is none.
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

// Whether any of our routes belong to that level of the API. Errors: kInvalidRequest.
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
  std::string body;
  JsonWriter out(body);
  out.begin_object().key("data").begin_array();
  for (std::size_t i = 0; i < context.settings.providers.size(); ++i) {
    write_provider(out, context, i);
  }
  out.end_array().end_object();
  co_await exchange.respond(200, kJsonType, body);
}

Task<void> show_provider(Exchange& exchange, const std::string& id) {
  const Context& context = exchange.context();
  for (std::size_t i = 0; i < context.settings.providers.size(); ++i) {
    if (context.settings.providers[i].id != id) continue;
    std::string body;
    JsonWriter out(body);
    write_provider(out, context, i);
    co_return co_await exchange.respond(200, kJsonType, body);
  }
  Error error = Error::client(ErrorKind::kInvalidRequest, "Provider " + id + " not found");
  co_await exchange.fail(std::move(error));
}

Task<void> list_routes(Exchange& exchange, std::string_view query) {
  Result<bool> shown = shows_routes(query);
  if (!shown) co_return co_await exchange.fail(std::move(shown.error()));
  std::string body;
  JsonWriter out(body);
  out.begin_object().key("data").begin_array();
  for (const RouteEntry& entry : route_table()) {
    if (!*shown) break;
    std::string_view methods = entry.methods;
    while (!methods.empty()) {
      const std::size_t space = methods.find(' ');
      write_route(out, entry, methods.substr(0, space));
      methods = space == std::string_view::npos ? "" : methods.substr(space + 1);
    }
  }
  out.end_array().end_object();
  co_await exchange.respond(200, kJsonType, body);
}

Task<void> show_version(Exchange& exchange) {
  std::string body;
  JsonWriter(body).begin_object().member("version", kVersion).end_object();
  co_await exchange.respond(200, kJsonType, body);
}

}  // namespace penstock::gateway
