#include "providers/passthrough.h"

#include <algorithm>
#include <utility>

#include "config/credentials.h"
#include "config/url.h"
#include "core/text.h"
#include "http/serializer.h"
#include "providers/redirect.h"

namespace penstock::providers {

using namespace std::string_view_literals;

namespace {

constexpr std::string_view kBearer = "Bearer ";

void append_authorization(std::string& out, const Secret& key) {
  std::string value(kBearer);
  value.append(key.reveal());
  http::append_field(out, "Authorization", value);
}

constexpr std::string_view kUserAgent = "User-Agent";

// RFC 3986 section 2.3: everything but unreserved bytes. Read like a server that parses forms: `+`
// is a space there.
std::string parameter_name(std::string_view item) {
  std::string name(item.substr(0, item.find('=')));
  std::ranges::replace(name, '+', ' ');
  return percent_decode(name).value_or(name);
}

void append_query_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const char lower = to_lower(c);
    const bool is_unreserved = (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
                               std::string_view("-._~").find(c) != std::string_view::npos;
    if (is_unreserved) {
      out.push_back(c);
    } else {
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
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
  // Whatever the client accepts: only plain text can be rewritten.
  http::append_field(closing_fields_, "Accept-Encoding", "identity");
  if (!settings_.base_url) return;
  const http::PoolLimits limits = pool_limits();
  pool_ = std::make_unique<http::UpstreamPool>(
      environment_.loop, environment_.connector, environment_.scratch,
      destination_of(*settings_.base_url, net::AddressRule::kAny, net::Asker::kOperator), limits);
  for (const config::Provider::QueryParameter& parameter : settings_.query) {
    query_.append(query_.empty() ? "?" : "&");
    append_query_encoded(query_, parameter.name);
    query_.push_back('=');
    append_query_encoded(query_, parameter.value.reveal());
  }
  http::append_field(opening_fields_, "Host", settings_.base_url->authority());
  for (const config::Provider::Header& header : settings_.headers) {
    // At most one Authorization: the static key takes precedence.
    if (is_authorization(header.name) && !settings_.api_key.empty()) continue;
    http::append_field(opening_fields_, header.name, header.value.reveal());
  }
  if (!settings_.api_key.empty()) append_authorization(opening_fields_, settings_.api_key);
}

http::PoolLimits Passthrough::pool_limits() const {
  const config::ConnectionLimits& own = settings_.connection_limits;
  http::PoolLimits limits;
  limits.idle_timeout = own.keepalive_expiry.value_or(server_.timeouts.upstream_idle);
  limits.lifetime = server_.timeouts.upstream_lifetime;
  limits.idle_connections = own.max_keepalive_connections;
  if (!limits.idle_connections && server_.limits.connections_per_upstream > 0) {
    limits.idle_connections = server_.limits.connections_per_upstream;
  }
  limits.all_threads = environment_.limit;
  return limits;
}

net::Destination Passthrough::destination_of(const config::Url& url, net::AddressRule rule,
                                             net::Asker named_by) const {
  return {.host = url.host,
          .port = url.port,
          .tls = url.tls ? environment_.tls : nullptr,
          .rule = rule,
          .named_by = named_by};
}

bool Passthrough::may_be_private(const config::Url& url) const {
  return std::ranges::any_of(server_.caller_url_hosts,
                             [&](const config::CallerUrlHost& host) { return host.allows(url); });
}

Result<Passthrough::Route> Passthrough::route(const ProviderData* data) const {
  Route route;
  route.shared_ = pool_.get();
  if (pool_ != nullptr) return route;
  if (data == nullptr || !data->url()) {
    return failure(
        Error::client(ErrorKind::kInvalidRequest,
                      "Provider '" + settings_.id +
                          "' has no base_url: pass one in the header "
                          "X-OGX-Provider-Data as { \"passthrough_url\": <your api url> }"));
  }
  Result<config::Url> url = config::parse_base_url(*data->url(), settings_.base_path);
  if (!url) {
    return failure(
        Error::client(ErrorKind::kInvalidRequest, "passthrough_url: " + url.error().message));
  }
  const net::AddressRule rule =
      may_be_private(*url) ? net::AddressRule::kAny : net::AddressRule::kPublicOnly;
  // A separate pool for one call: a connection to a caller's choice must not serve other callers.
  route.own_ = std::make_unique<http::UpstreamPool>(
      environment_.loop, environment_.connector, environment_.scratch,
      destination_of(*url, rule, net::Asker::kCaller), http::PoolLimits{});
  route.url_ = std::move(*url);
  return route;
}

bool Passthrough::shows_credential() const {
  return settings_.base_url.has_value() && config::has_credential(settings_);
}

bool Passthrough::operator_sets(std::string_view name) const {
  if (!settings_.base_url) return false;
  if (is_authorization(name) && !settings_.api_key.empty()) return true;
  return std::ranges::any_of(settings_.headers, [&](const config::Provider::Header& header) {
    return equals_ignoring_case(header.name, name);
  });
}

bool Passthrough::caller_sets(std::string_view name, const ProviderData& data) const {
  return std::ranges::any_of(settings_.forward_headers, [&](const auto& forwarded) {
    return equals_ignoring_case(forwarded.header, name) && data.find(forwarded.key) != nullptr;
  });
}

bool Passthrough::writes(std::string_view name, const ProviderData* data) const {
  return operator_sets(name) || (data != nullptr && caller_sets(name, *data));
}

void Passthrough::append_callers_fields(std::string& out, const ProviderData& data) const {
  const bool callers_key = data.api_key().has_value() && !operator_sets("authorization");
  if (callers_key) append_authorization(out, *data.api_key());
  for (const config::Provider::ForwardedHeader& forwarded : settings_.forward_headers) {
    // Callers cannot override what the operator has set.
    if (operator_sets(forwarded.header)) continue;
    if (is_authorization(forwarded.header) && callers_key) continue;
    const Secret* value = data.find(forwarded.key);
    if (value != nullptr) http::append_field(out, forwarded.header, value->reveal());
  }
}

// Callers cannot override what the operator has set.
std::string Passthrough::joined_query(std::string_view callers_query) const {
  std::string joined = query_;
  while (!callers_query.empty()) {
    const std::string_view item = callers_query.substr(0, callers_query.find('&'));
    callers_query.remove_prefix(std::min(callers_query.size(), item.size() + 1));
    const bool is_set = std::ranges::any_of(settings_.query,
                                            [&](const config::Provider::QueryParameter& parameter) {
                                              return parameter_name(item) == parameter.name;
                                            });
    if (is_set) continue;
    joined.append(joined.empty() ? "?"sv : "&"sv).append(item);
  }
  return joined;
}

void Passthrough::append_request_head(std::string& out, std::string_view method,
                                      std::string_view path, const Route& route,
                                      const ProviderData* data,
                                      std::string_view callers_query) const {
  const config::Url& url = url_of(route);
  if (callers_query.empty()) {
    http::append_request_line(out, method, {url.path, path, query_});
  } else if (query_.empty()) {
    http::append_request_line(out, method, {url.path, path, "?"sv, callers_query});
  } else {
    http::append_request_line(out, method, {url.path, path, joined_query(callers_query)});
  }
  append_fields(out, route, data);
}

std::string Passthrough::target_of(std::string_view path, const Route& route) const {
  return url_of(route).path + std::string(path) + query_;
}

void Passthrough::append_redirected_head(std::string& out, std::string_view method,
                                         std::string_view target, const Route& route,
                                         const ProviderData* data) const {
  http::append_request_line(out, method, {target});
  append_fields(out, route, data);
}

Result<std::string> Passthrough::follow(const http::ResponseHead& head, const Route& route,
                                        std::string_view asked) {
  Result<std::string> target = redirect_target(head, url_of(route), asked);
  // The operator cannot correct what callers' own upstreams do.
  if (target || !settings_.base_url) return target;
  std::string address = redirect_address(head);
  if (std::exchange(last_redirect_, address) != address && environment_.log != nullptr) {
    environment_.log->warning("provider " + settings_.id + ": " + settings_.base_url->text() +
                              " redirects to " + address + "; correct its base_url");
  }
  return target;
}

void Passthrough::append_fields(std::string& out, const Route& route,
                                const ProviderData* data) const {
  if (settings_.base_url) {
    out.append(opening_fields_);
  } else {
    http::append_field(out, "Host", route.url_.authority());
  }
  if (data != nullptr) append_callers_fields(out, *data);
  out.append(closing_fields_);
  if (!writes(kUserAgent, data)) http::append_field(out, kUserAgent, "penstock");
}

}  // namespace penstock::providers
