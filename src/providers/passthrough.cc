#include "providers/passthrough.h"

#include <algorithm>
#include <utility>

#include "config/url.h"
#include "core/text.h"
#include "http/serializer.h"

namespace penstock::providers {
namespace {

constexpr std::string_view kBearer = "Bearer ";

void append_authorization(std::string& out, const Secret& key) {
  std::string value(kBearer);
  value.append(key.reveal());
  http::append_field(out, "Authorization", value);
}

bool is_authorization(std::string_view name) {
  return equals_ignoring_case(name, "authorization");
}

}  // namespace

Passthrough::Passthrough(const config::Provider& settings, const config::Server& server,
                         Environment environment)
    : settings_(settings),
      server_(server),
      environment_(environment),
      connect_timeout_(settings.connect_timeout.value_or(server.timeouts.connect)),
      first_byte_timeout_(settings.read_timeout.value_or(server.timeouts.first_byte)),
      between_bytes_timeout_(settings.read_timeout.value_or(server.timeouts.between_bytes)) {
  if (!settings_.base_url) return;
  const http::PoolLimits limits{.idle_timeout = server_.timeouts.upstream_idle,
                                .idle_connections = server_.limits.connections_per_upstream};
  pool_ = std::make_unique<http::UpstreamPool>(
      environment_.loop, environment_.connector, environment_.scratch,
      destination_of(*settings_.base_url, net::AddressRule::kAny), limits);
  for (const config::Provider::Header& header : settings_.headers) {
    // One Authorization at most: the static key is the one that counts.
    if (is_authorization(header.name) && !settings_.api_key.empty()) continue;
    http::append_field(operator_fields_, header.name, header.value);
  }
  if (!settings_.api_key.empty()) append_authorization(operator_fields_, settings_.api_key);
}

net::Destination Passthrough::destination_of(const config::Url& url, net::AddressRule rule) const {
  return {.host = url.host,
          .port = url.port,
          .tls = url.tls ? environment_.tls : nullptr,
          .rule = rule};
}

bool Passthrough::may_be_private(const std::string& host) const {
  return std::ranges::find(server_.caller_url_hosts, host) != server_.caller_url_hosts.end();
}

Result<Passthrough::Route> Passthrough::route(const ProviderData* data) const {
  Route route;
  route.shared_ = pool_.get();
  if (pool_ != nullptr) return route;
  if (data == nullptr || !data->url()) {
    return failure(Error::client(
        ErrorKind::kInvalidRequest,
        "Provider '" + settings_.id + "' has no base_url: pass one in the header "
        "X-OGX-Provider-Data as { \"passthrough_url\": <your api url> }"));
  }
  Result<config::Url> url = config::parse_base_url(*data->url());
  if (!url) {
    return failure(Error::client(ErrorKind::kInvalidRequest,
                                 "passthrough_url: " + url.error().message));
  }
  const net::AddressRule rule =
      may_be_private(url->host) ? net::AddressRule::kAny : net::AddressRule::kPublicOnly;
  // One connection for one call: connections of one caller's choice are not for another's.
  route.own_ = std::make_unique<http::UpstreamPool>(environment_.loop, environment_.connector,
                                                    environment_.scratch,
                                                    destination_of(*url, rule), http::PoolLimits{});
  route.url_ = std::move(*url);
  return route;
}

void Passthrough::append_credentials(std::string& out, const ProviderData* data) const {
  const bool callers_url = !settings_.base_url;
  const bool operators_key = !callers_url && (!settings_.api_key.empty() ||
                                              std::ranges::any_of(settings_.headers, [](auto& h) {
                                                return is_authorization(h.name);
                                              }));
  if (data == nullptr) return;
  const bool callers_key = !operators_key && data->api_key().has_value();
  if (callers_key) append_authorization(out, *data->api_key());
  for (const config::Provider::ForwardedHeader& forwarded : settings_.forward_headers) {
    if (is_authorization(forwarded.header) && (operators_key || callers_key)) continue;
    const Secret* value = data->find(forwarded.key);
    if (value != nullptr) http::append_field(out, forwarded.header, value->reveal());
  }
}

void Passthrough::append_request_head(std::string& out, std::string_view method,
                                      std::string_view path, const Route& route,
                                      const ProviderData* data) const {
  const config::Url& url = settings_.base_url ? *settings_.base_url : route.url_;
  out.append(method).append(" ").append(url.path).append(path).append(" HTTP/1.1\r\n");
  http::append_field(out, "Host", url.authority());
  if (settings_.base_url) out.append(operator_fields_);
  append_credentials(out, data);
  // Whatever the client may accept: the model's name can be replaced in plain text only.
  http::append_field(out, "Accept-Encoding", "identity");
  http::append_field(out, "User-Agent", "penstock");
}

}  // namespace penstock::providers
