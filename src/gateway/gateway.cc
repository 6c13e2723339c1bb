#include "gateway/gateway.h"

#include <exception>
#include <optional>
#include <utility>

#include "core/text.h"
#include "gateway/permitted.h"
#include "gateway/provider_choice.h"
#include "gateway/route_table.h"
#include "http/target.h"
#include "wire/apis/error_answer.h"

namespace penstock::gateway {

namespace {

constexpr std::string_view kTextType = "text/plain; charset=utf-8";

bool uses_tls(ListenerKind listener, const config::Settings& settings) {
  if (listener == ListenerKind::kAdmin) return settings.admin && settings.admin->tls;
  return !settings.server.tls_certfile.empty();
}

// Strict-Transport-Security (RFC 6797) in the reference's form: tells browsers to use only TLS.
// Empty if the listener does not use TLS (the field is meaningless over plain HTTP), or if it is
// disabled.
http::FieldBlock transport_security_field(bool uses_tls, const config::Server& server) {
  http::FieldBlock field;
  if (!uses_tls || server.hsts_max_age.count() == 0) return field;
  field.add("Strict-Transport-Security",
            "max-age=" + std::to_string(server.hsts_max_age.count()) + "; includeSubDomains");
  return field;
}

std::optional<access::Cors> cors_of(const config::Server& server) {
  if (!server.cors) return std::nullopt;
  return access::Cors(*server.cors);
}

// Who may learn that a path does not support a method: whoever may use the path.
Access access_of(const RouteMatch& match) {
  return match.served != nullptr ? match.served->route.access
                                 : match.endpoint->routes.front().route.access;
}

// Offers of other protocols (h2c) are ignored.
bool asks_for_websocket(const http::Fields& fields) {
  const std::optional<std::string_view> upgrade = fields.find(http::FieldName::kUpgrade);
  return upgrade && equals_ignoring_case(*upgrade, "websocket");
}

}  // namespace

Gateway::Gateway(const Parts& parts)
    : parts_(parts),
      uses_tls_(uses_tls(parts.listener, parts.settings)),
      keys_(parts.settings.server.api_keys, parts.settings.owners),
      cors_(cors_of(parts.settings.server)),
      fields_(transport_security_field(uses_tls_, parts.settings.server)),
      recorder_(parts.settings, parts.labels, parts.loop, parts.shard, parts.access_log,
                parts.access_log_shard),
      environment_{.loop = parts.loop,
                   .scratch = parts.scratch,
                   .random = parts.random,
                   .secrets = parts.confidential.credentials,
                   .hidden = parts.confidential.texts,
                   .server = parts.settings.server,
                   .providers = parts.settings.providers,
                   .routes = parts.routes,
                   .fields = fields_,
                   .recorder = recorder_,
                   .estimator = parts.estimator,
                   .listener = parts.listener,
                   .uses_tls = uses_tls_},
      open_exchanges_(parts.open_exchanges) {}

// Counts an exchange as open for as long as it lives, however its handler ends.
class Gateway::Open {
 public:
  explicit Open(Gateway& gateway) : gateway_(gateway) { gateway_.open_exchanges_.add(); }
  ~Open() {
    gateway_.parts_.memory.note_work();
    gateway_.open_exchanges_.remove();
  }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;

 private:
  Gateway& gateway_;
};

void Gateway::connection_closed() {
  parts_.shard.connection_closed();
  parts_.memory.note_work();
}

Task<void> Gateway::handle(http::ServerExchange& client) {
  const Open open(*this);
  recorder_.began();
  Exchange exchange(environment_, client);
  if (parts_.readiness.stage == Readiness::Stage::kLeaving) client.end_after_this();
  // A bug, or out of memory: the exchange is recorded like any other, and the exception then ends
  // the connection.
  std::exception_ptr exception;
  try {
    const std::optional<access::Cors::Preflight> preflight = tell_browser(exchange);
    Status answered;
    if (preflight) {
      answered =
          co_await exchange.responder().respond(preflight->status, kTextType, preflight->body);
    } else {
      answered = co_await run_phases(exchange);
    }
    if (!answered) co_await exchange.responder().fail(std::move(answered.error()));
  } catch (...) {
    exception = std::current_exception();
  }
  exchange.settle();
  recorder_.ended(exchange.facts(), {.peer = client.peer(),
                                     .body_bytes_received = client.body_bytes_received(),
                                     .body_bytes_sent = client.body_bytes_sent()});
  if (exception) std::rethrow_exception(exception);
}

// What answers to this request tell a browser, and the answer to its preflight, which has no key.
std::optional<access::Cors::Preflight> Gateway::tell_browser(Exchange& exchange) const {
  if (!cors_) return std::nullopt;
  const http::RequestHead& request = exchange.client().request();
  std::optional<access::Cors::Preflight> preflight = cors_->answer(request);
  exchange.responder().add_to_every_answer(preflight ? std::move(preflight->fields)
                                                     : cors_->fields_for(request));
  return preflight;
}

Task<Status> Gateway::run_phases(Exchange& exchange) {
  const http::RequestHead& request = exchange.client().request();

  // Find. First, because everything else depends on the route.
  Result<RouteMatch> match = find(request);
  if (match) exchange.set_route(*match);
  exchange.facts().error_api = error_api_of(request, match ? &*match : nullptr);

  // Identify. Before an unknown route is reported, and before any body is read: a client without a
  // key learns nothing and costs nothing.
  if (!match || access_of(*match) != Access::kPublic) {
    Status identified = identify(exchange);
    if (!identified) co_return identified;
  }
  if (!match) co_return failure(std::move(match.error()));
  if (asks_for_websocket(request.fields)) {
    Error error = Error::client(ErrorKind::kUpgradeRequired,
                                "WebSockets are not served; send the request over HTTP");
    exchange.client().end_after_this();
    co_return failure(std::move(error));
  }
  if (match->served == nullptr) {
    Error error = Error::client(ErrorKind::kMethodNotAllowed,
                                "this route supports only " + allow_field(*match->endpoint));
    co_return failure(std::move(error));
  }
  Status admitted = admit(exchange, *match);
  if (!admitted) co_return admitted;
  co_return co_await match->served->handler(exchange, *match);
}

Result<RouteMatch> Gateway::find(const http::RequestHead& request) const {
  Result<RouteMatch> match = find_anywhere(request);
  if (!match || serves(parts_.listener, match->endpoint->audience)) return match;
  const bool is_admin = parts_.listener == ListenerKind::kAdmin;
  return failure(Error::client(
      ErrorKind::kNotFound,
      match->endpoint->label +
          (is_admin ? " is not served on the admin listener; use server.host and server.port"
                    : " is served on the admin listener only (admin.host and admin.port)")));
}

// A path may name a provider before the route.
Result<RouteMatch> Gateway::find_anywhere(const http::RequestHead& request) const {
  Result<http::Target> target = http::split_target(request.target, &parts_.routes);
  if (!target) {
    // Of a client whose base URL ends in a slash.
    if (request.target.starts_with("//")) {
      target.error().message += parts_.routes.hint_for_path(request.target);
    }
    return failure(std::move(target.error()));
  }
  Result<ProviderPath> split = split_provider_path(target->path, parts_.settings.providers);
  if (!split) return failure(std::move(split.error()));
  if (!split->provider) return parts_.routes.match(request.method, *target);
  const http::Target rest{.path = split->rest, .query = target->query};
  return parts_.routes.match_at_provider(request.method, rest, *split->provider);
}

// Whose errors the client reads. Where neither the route nor the path tells, the head does:
// Anthropic's clients state the version of their API in every request.
wire::Api Gateway::error_api_of(const http::RequestHead& request, const RouteMatch* match) const {
  std::optional<wire::Api> api;
  if (match != nullptr) api = match->endpoint->api;
  if (api) return *api;
  if (match == nullptr) {
    api = parts_.routes.api_near(request.target);
  } else if (match->provider) {
    api = parts_.routes.api_near(match->path);
  }
  if (api) return *api;
  return request.fields.has(http::FieldName::kAnthropicVersion) ? wire::Api::kMessages
                                                                : wire::Api::kOther;
}

// The principal of the request's key, and a connection among those of clients with keys.
Status Gateway::identify(Exchange& exchange) const {
  const http::RequestHead& request = exchange.client().request();
  Result<const access::Principal*> principal =
      keys_.authenticate(access::Credentials(request.fields));
  if (!principal) {
    exchange.client().refuse_key();
    return failure(std::move(principal.error()));
  }
  exchange.facts().principal = *principal;
  const std::optional<WallTime>& expires = (*principal)->expires;
  if (expires && parts_.loop.wall() >= *expires) {
    exchange.client().refuse_key();
    return failure(Error::client(ErrorKind::kExpiredApiKey,
                                 "the API key " + (*principal)->name + " has expired"));
  }
  if (exchange.client().admit()) return {};
  return failure(Error::gateway(ErrorKind::kOverloaded,
                                "the server has reached its limit of connections; retry later")
                     .at_limit(Limit::kConnections));
}

Status Gateway::admit(Exchange& exchange, const RouteMatch& match) const {
  const Route& route = match.served->route;
  // A key that may use models may not change what others' names lead to.
  if (route.access == Access::kAdmin && exchange.facts().principal->role != config::Role::kAdmin) {
    return failure(Error::client(ErrorKind::kForbidden,
                                 "this requires an API key with the role admin "
                                 "(server.api_keys[].role)"));
  }
  if (is_restricted(exchange)) {
    Status permitted = check_origin_and_path(exchange, match);
    if (!permitted) return permitted;
  }
  // A server that shuts down takes no new work, so that open work can finish.
  if (route.passing && parts_.readiness.is_draining()) {
    return failure(Error::gateway(ErrorKind::kShuttingDown, "the server is shutting down"));
  }
  // Only what goes to an upstream counts: lists and states cost nobody anything.
  const access::Principal* const principal = exchange.facts().principal;
  if (!route.passing || principal == nullptr || principal->is_anonymous) return {};
  const limits::Accounts& accounts = parts_.accounts.of_key(principal->position);
  return accounts.empty() ? Status() : exchange.open(accounts);
}

// What never becomes an exchange has no line in the access log. The error's message consists of the
// server's own words: it contains no byte of the client's.
http::Refusal Gateway::refuse(const Error& error, const net::SocketAddress& peer,
                              std::string_view target) {
  parts_.shard.count_limit(error);
  parts_.shard.request_not_received(error.kind);
  if (parts_.log.writes(telemetry::LogLevel::kDebug)) {
    parts_.log.debug("a request from " + peer.host_text() + " could not be received: " +
                     std::string(name_of(error.kind)) + ": " + error.message);
  }
  http::Refusal refusal;
  refusal.status = wire::answer_for(error).status;
  if (refusal.status == 0) return refusal;
  const wire::Api api = parts_.routes.api_near(target).value_or(wire::Api::kOther);
  refusal.body = wire::error_body(error, {.dialect = wire::traits_of(api).dialect});
  parts_.confidential.credentials.mask(refusal.body);
  refusal.fields.add(fields_);
  refusal.fields.add("Content-Type", kJsonType);
  if (refusal.status == 503) refusal.fields.add("Retry-After", "1");
  return refusal;
}

void Gateway::handshake_failed(TlsFailure failure, const Error& error,
                               const net::SocketAddress& peer) {
  parts_.shard.count_limit(error);
  parts_.shard.handshake_failed(failure);
  if (parts_.log.writes(telemetry::LogLevel::kDebug)) {
    parts_.log.debug("a TLS handshake with " + peer.host_text() +
                     " failed: " + std::string(name_of(failure)) + ": " + error.message);
  }
}

void Gateway::proxy_header_failed(ProxyHeaderFailure failure, const net::SocketAddress& peer) {
  parts_.shard.proxy_header_failed(failure);
  if (failure == ProxyHeaderFailure::kTimeout) parts_.shard.limit_hit(Limit::kClientHeaderTimeout);
  if (parts_.log.writes(telemetry::LogLevel::kDebug)) {
    parts_.log.debug("a connection of the trusted proxy " + peer.host_text() +
                     " was closed: its PROXY header is " + std::string(name_of(failure)));
  }
}

}  // namespace penstock::gateway
