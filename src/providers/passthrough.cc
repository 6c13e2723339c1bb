#include "providers/passthrough.h"

#include <algorithm>
#include <utility>

#include "config/credentials.h"
#include "config/url.h"
#include "core/text.h"
#include "providers/redirect.h"

namespace penstock::providers {

using namespace std::string_view_literals;

namespace {

using config::KeyForm;
using config::Surface;

void add_key(http::FieldBlock& out, KeyForm form, const Secret& key) {
  out.add(config::key_field_name(form), config::key_field_value(form, key.reveal()));
}

// Read like a server that parses forms: `+` is a space there.
std::string parameter_name(std::string_view item) {
  std::string name(item.substr(0, item.find('=')));
  std::ranges::replace(name, '+', ' ');
  return percent_decode(name).value_or(name);
}

bool has_same_origin(const config::Url& a, const config::Url& b) {
  return a.tls == b.tls && a.port == b.port && a.host == b.host;
}

Error key_is_missing(const std::string& provider_id) {
  return Error::client(
      ErrorKind::kInvalidRequest,
      "API key not provided. Please provide a valid API key in the provider data header, e.g. "
      "x-ogx-provider-data: {\"" +
          provider_id + "_api_key\": \"<API_KEY>\"}.");
}

}  // namespace

Passthrough::Passthrough(const config::Provider& settings, const config::Server& server,
                         Environment environment)
    : settings_(settings),
      server_(server),
      environment_(environment),
      connect_timeout_(settings.connect_timeout.value_or(server.timeouts.connect)),
      first_byte_timeout_(settings.read_timeout.value_or(server.timeouts.first_byte)),
      between_bytes_timeout_(settings.read_timeout.value_or(server.timeouts.between_bytes)),
      has_credential_(config::has_credential(settings)),
      client_fields_(settings) {
  caller_keys_.push_back(settings_.id + "_api_key");
  caller_keys_.insert(caller_keys_.end(), settings_.caller_keys.begin(),
                      settings_.caller_keys.end());
  // Whatever the client accepts: only plain text can be rewritten.
  closing_fields_.add("Accept-Encoding", "identity");
  if (!settings_.base_url) return;
  for (const config::Provider::QueryParameter& parameter : settings_.query) {
    query_.append(query_.empty() ? "?" : "&");
    query_.append(percent_encode(parameter.name));
    query_.push_back('=');
    query_.append(percent_encode(parameter.value.reveal()));
  }
  add_endpoints();
}

void Passthrough::add_endpoints() {
  const config::Url& base_url = *settings_.base_url;
  const config::Url& messages_url = settings_.messages_url.value_or(base_url);
  openai_ = endpoint_of(base_url, Surface::kOpenAi);
  anthropic_ = endpoint_of(messages_url, Surface::kAnthropic);
  const config::ModelListing& listing = settings_.listing;
  const bool is_anthropics = listing.surface == Surface::kAnthropic;
  listing_ =
      endpoint_of(listing.url.value_or(is_anthropics ? messages_url : base_url), listing.surface);
  if (is_anthropics && !operator_sets(config::kAnthropicVersionField)) {
    listing_->opening_fields.add(config::kAnthropicVersionField, config::kAnthropicVersion);
  }
}

Passthrough::Endpoint Passthrough::endpoint_of(const config::Url& url, Surface surface) {
  Endpoint endpoint;
  endpoint.url = url;
  endpoint.pool = pool_of(url);
  endpoint.auth = surface == Surface::kOpenAi ? settings_.auth : settings_.messages_auth;
  endpoint.opening_fields.add("Host", url.authority());
  const std::string_view key_name = config::key_field_name(endpoint.auth);
  if (!settings_.api_key.empty() && !key_name.empty()) {
    add_key(endpoint.key_field, endpoint.auth, settings_.api_key);
  }
  for (const config::Provider::Header& header : settings_.headers) {
    const bool is_key = equals_ignoring_case(header.name, key_name);
    // At most one: the static key takes precedence.
    if (is_key && !settings_.api_key.empty()) continue;
    (is_key ? endpoint.key_field : endpoint.opening_fields).add(header.name, header.value.reveal());
  }
  return endpoint;
}

http::UpstreamPool* Passthrough::pool_of(const config::Url& url) {
  for (const std::optional<Endpoint>* other : {&openai_, &anthropic_}) {
    if (*other && has_same_origin((*other)->url, url)) return (*other)->pool;
  }
  pools_.push_back(std::make_unique<http::UpstreamPool>(
      environment_.loop, environment_.connector, environment_.scratch,
      destination_of(url, net::AddressRule::kAny, net::Asker::kOperator), pool_limits()));
  return pools_.back().get();
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

Result<Passthrough::Route> Passthrough::route(const ProviderData* data, Surface surface) const {
  if (!openai_) return route_of_caller(data);
  return route_to(surface == Surface::kOpenAi ? *openai_ : *anthropic_, data);
}

Result<Passthrough::Route> Passthrough::list_route(const ProviderData* data) const {
  if (!openai_) return route_of_caller(data);
  return route_to(*listing_, data);
}

std::string Passthrough::list_target(const Route& route) const {
  const bool is_whole_url = settings_.listing.url.has_value() && route.endpoint_ != nullptr;
  std::string target;
  append_target(target, is_whole_url ? "" : "/v1/models", route);
  return target;
}

bool Passthrough::can_list() const {
  return openai_ && settings_.listing.shape != config::ModelListing::Shape::kNone &&
         !settings_.is_asleep();
}

Result<Passthrough::Route> Passthrough::route_to(const Endpoint& endpoint,
                                                 const ProviderData* data) const {
  Route route;
  route.endpoint_ = &endpoint;
  choose_key(route, endpoint.auth, data);
  if (settings_.needs_key && route.key_of_ == Route::KeyOf::kNobody) {
    return failure(key_is_missing(settings_.id));
  }
  return route;
}

Result<Passthrough::Route> Passthrough::route_of_caller(const ProviderData* data) const {
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
  Route route;
  // A separate pool for one call: a connection to a caller's choice must not serve other callers.
  route.own_ = std::make_unique<http::UpstreamPool>(
      environment_.loop, environment_.connector, environment_.scratch,
      destination_of(*url, rule, net::Asker::kCaller), http::PoolLimits{});
  route.url_ = std::move(*url);
  choose_key(route, settings_.auth, data);
  return route;
}

void Passthrough::choose_key(Route& route, KeyForm form, const ProviderData* data) const {
  using KeyOf = Route::KeyOf;
  const std::string_view name = config::key_field_name(form);
  const bool operator_has_one = route.endpoint_ != nullptr && !route.endpoint_->key_field.empty();
  if (operator_has_one) route.key_of_ = KeyOf::kOperator;
  const bool is_settled =
      operator_has_one && settings_.key_order == config::KeyOrder::kOperatorFirst;
  if (!is_settled && data != nullptr && !name.empty()) {
    route.callers_key_ = data->find_any(caller_keys_);
    if (route.callers_key_ != nullptr) {
      route.key_of_ = KeyOf::kCaller;
    } else if (caller_sets(name, *data)) {
      route.key_of_ = KeyOf::kForwardedField;
    }
  }
  const bool is_callers =
      route.key_of_ == KeyOf::kCaller || route.key_of_ == KeyOf::kForwardedField;
  route.shows_operators_credential_ = route.endpoint_ != nullptr && !is_callers && has_credential_;
}

bool Passthrough::operator_sets(std::string_view name) const {
  if (!settings_.base_url) return false;
  return std::ranges::any_of(settings_.headers, [&](const config::Provider::Header& header) {
    return equals_ignoring_case(header.name, name);
  });
}

bool Passthrough::caller_sets(std::string_view name, const ProviderData& data) const {
  return std::ranges::any_of(settings_.forward_headers, [&](const auto& forwarded) {
    return equals_ignoring_case(forwarded.header, name) && data.find(forwarded.key) != nullptr;
  });
}

void Passthrough::add_forwarded(http::FieldBlock& out, const Route& route,
                                const ProviderData& data) const {
  const std::string_view key_name = config::key_field_name(auth_of(route));
  for (const config::Provider::ForwardedHeader& forwarded : settings_.forward_headers) {
    if (equals_ignoring_case(forwarded.header, key_name)) {
      if (route.key_of_ != Route::KeyOf::kForwardedField) continue;
    } else if (operator_sets(forwarded.header)) {
      // Callers cannot override what the operator has set.
      continue;
    }
    const Secret* value = data.find(forwarded.key);
    if (value != nullptr) out.add(forwarded.header, value->reveal());
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

void Passthrough::append_target(std::string& out, std::string_view path, const Route& route,
                                std::string_view callers_query) const {
  constexpr std::string_view kVersion = "/v1";
  std::string_view base = url_of(route).path;
  if (path.starts_with(kVersion) && path.substr(kVersion.size()).starts_with('/')) {
    path.remove_prefix(kVersion.size());
  } else if (!path.empty() && base.ends_with(kVersion)) {
    base.remove_suffix(kVersion.size());
  }
  out.append(base).append(path);
  if (callers_query.empty()) {
    out.append(query_);
  } else if (query_.empty()) {
    out.append("?"sv).append(callers_query);
  } else {
    out.append(joined_query(callers_query));
  }
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

void Passthrough::write_head(const UpstreamRequest& request, const Route& route,
                             std::string& target, http::FieldBlock& fields) const {
  append_target(target, request.path, route, request.query);
  add_fields(fields, route, request.data);
  const http::Fields& given = *request.client_fields;
  const auto add = [&](http::FieldName known, std::string_view name, std::string_view value) {
    if (!fields.has(known)) fields.add(known, name, value);
  };
  const std::optional<std::string_view> type = given.find(http::FieldName::kContentType);
  if (type || request.has_body) {
    add(http::FieldName::kContentType, "Content-Type", type.value_or("application/json"));
  }
  add(http::FieldName::kAccept, "Accept", given.find(http::FieldName::kAccept).value_or("*/*"));
  add(http::FieldName::kXRequestId, "x-request-id", request.request_id);
  for (const http::Field& field : given) {
    if (client_fields_.passes(field, request.surface) && !sets(field.name, request.data)) {
      fields.add(field);
    }
  }
}

bool Passthrough::sets(std::string_view name, const ProviderData* data) const {
  return operator_sets(name) || (data != nullptr && caller_sets(name, *data));
}

void Passthrough::add_fields(http::FieldBlock& out, const Route& route,
                             const ProviderData* data) const {
  if (route.endpoint_ != nullptr) {
    out.add(route.endpoint_->opening_fields);
  } else {
    out.add("Host", route.url_.authority());
  }
  if (route.key_of_ == Route::KeyOf::kOperator) out.add(route.endpoint_->key_field);
  if (route.key_of_ == Route::KeyOf::kCaller) add_key(out, auth_of(route), *route.callers_key_);
  if (data != nullptr) add_forwarded(out, route, *data);
  out.add(closing_fields_);
  if (!out.has(http::FieldName::kUserAgent))
    out.add(http::FieldName::kUserAgent, "User-Agent", "penstock");
}

}  // namespace penstock::providers
