#include "gateway/gateway.h"

#include <exception>
#include <optional>
#include <utility>

#include "core/text.h"
#include "gateway/provider_choice.h"
#include "gateway/route_table.h"
#include "http/target.h"
#include "wire/apis/error_answer.h"

namespace penstock::gateway {

http::FieldBlock transport_security_field(const config::Server& server) {
  http::FieldBlock field;
  if (server.tls_certfile.empty() || server.hsts_max_age.count() == 0) return field;
  field.add("Strict-Transport-Security",
            "max-age=" + std::to_string(server.hsts_max_age.count()) + "; includeSubDomains");
  return field;
}

Gateway::Gateway(Context& context)
    : context_(context),
      recorder_(context.settings, context.loop, context.shard, context.access_log,
                context.access_log_shard),
      responding_{.loop = context.loop,
                  .scratch = context.scratch,
                  .secrets = context.secrets,
                  .fields = context.transport_security,
                  .recorder = recorder_} {
  quiet_.raise();
}

namespace {

constexpr std::string_view kTextType = "text/plain; charset=utf-8";

// What answers to this request tell a browser, and the answer to its preflight, which has no key.
std::optional<access::Cors::Preflight> tell_browser(const Context& context, Exchange& exchange) {
  if (context.cors == nullptr) return std::nullopt;
  const http::RequestHead& request = exchange.client().request();
  std::optional<access::Cors::Preflight> preflight = context.cors->answer(request);
  exchange.responder().add_to_every_answer(preflight ? std::move(preflight->fields)
                                                     : context.cors->fields_for(request));
  return preflight;
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

// Counts an exchange as open for as long as it lives, however its handler ends.
class Gateway::Open {
 public:
  explicit Open(Gateway& gateway) : gateway_(gateway) {
    if (gateway_.open_exchanges_++ > 0) return;
    gateway_.quiet_.lower();
    gateway_.busy_.raise();
  }
  ~Open() {
    gateway_.context_.memory.note_work();
    if (--gateway_.open_exchanges_ > 0) return;
    gateway_.busy_.lower();
    gateway_.quiet_.raise();
  }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;

 private:
  Gateway& gateway_;
};

void Gateway::connection_closed() {
  context_.shard.connection_closed();
  context_.memory.note_work();
}

Task<void> Gateway::handle(http::ServerExchange& client) {
  const Open open(*this);
  recorder_.began();
  Exchange exchange(context_, responding_, client);
  // A bug, or out of memory: the exchange is recorded like any other, and the exception then ends
  // the connection.
  std::exception_ptr exception;
  try {
    const std::optional<access::Cors::Preflight> preflight = tell_browser(context_, exchange);
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
  recorder_.ended(exchange.facts(), {.peer = client.peer(),
                                     .body_bytes_received = client.body_bytes_received(),
                                     .body_bytes_sent = client.body_bytes_sent()});
  if (exception) std::rethrow_exception(exception);
}

Task<Status> Gateway::run_phases(Exchange& exchange) {
  const http::RequestHead& request = exchange.client().request();

  // Find. First, because everything else depends on the route.
  Result<http::Target> target = http::split_target(request.target, context_.routes.get());
  if (!target) {
    // Of a client whose base URL ends in a slash.
    if (request.target.starts_with("//")) {
      target.error().message += context_.routes->hint_for_path(request.target);
    }
    co_return failure(std::move(target.error()));
  }
  Result<RouteMatch> match = find(request.method, *target);
  if (match) exchange.set_route(*match);

  // Identify. Before an unknown route is reported, and before any body is read: a client without a
  // key learns nothing and costs nothing.
  const ServedRoute* const served = match ? match->served : nullptr;
  if (!match || access_of(*match) != Access::kPublic) {
    Result<std::string_view> principal =
        context_.keys.authenticate(access::Credentials(request.fields));
    if (!principal) {
      exchange.client().refuse_key();
      co_return failure(std::move(principal.error()));
    }
    exchange.facts().principal = *principal;
    if (!exchange.client().admit()) {
      Error error = Error::gateway(ErrorKind::kOverloaded,
                                   "the server has reached its limit of connections; retry later")
                        .at_limit(Limit::kConnections);
      co_return failure(std::move(error));
    }
  }
  if (!match) co_return failure(std::move(match.error()));
  if (asks_for_websocket(request.fields)) {
    Error error = Error::client(ErrorKind::kUpgradeRequired,
                                "WebSockets are not served; send the request over HTTP");
    exchange.client().end_after_this();
    co_return failure(std::move(error));
  }
  if (served == nullptr) {
    Error error = Error::client(ErrorKind::kMethodNotAllowed,
                                "this route supports only " + allow_field(*match->endpoint));
    co_return failure(std::move(error));
  }

  // A key that may use models may not change what others' names lead to.
  const bool may_administer =
      served->route.access != Access::kAdmin ||
      context_.keys.role_of(exchange.facts().principal) == config::Role::kAdmin;
  if (!may_administer) {
    Error error = Error::client(ErrorKind::kForbidden,
                                "registering and removing models requires an API key with the role "
                                "admin (server.api_keys[].role)");
    co_return failure(std::move(error));
  }

  // Admit. A server that shuts down takes no new work, so that open work can finish.
  if (served->route.passing && context_.draining) {
    Error error = Error::gateway(ErrorKind::kShuttingDown, "the server is shutting down");
    co_return failure(std::move(error));
  }

  co_return co_await served->handler(exchange, *match);
}

// A path may name a provider before the route.
Result<RouteMatch> Gateway::find(std::string_view method, const http::Target& target) const {
  Result<ProviderPath> split = split_provider_path(target.path, context_.settings.providers);
  if (!split) return failure(std::move(split.error()));
  if (!split->provider) return context_.routes->match(method, target);
  const http::Target rest{.path = split->rest, .query = target.query};
  return context_.routes->match_at_provider(method, rest, *split->provider);
}

// What never becomes an exchange has no line in the access log. The error's message consists of the
// server's own words: it contains no byte of the client's.
http::Refusal Gateway::refuse(const Error& error, const net::SocketAddress& peer) {
  context_.shard.count_limit(error);
  context_.shard.request_not_received(error.kind);
  if (context_.log.writes(telemetry::LogLevel::kDebug)) {
    context_.log.debug("a request from " + peer.host_text() + " could not be received: " +
                       std::string(name_of(error.kind)) + ": " + error.message);
  }
  http::Refusal refusal;
  refusal.status = wire::answer_for(error).status;
  if (refusal.status == 0) return refusal;
  refusal.body = wire::error_body(error);
  context_.secrets.mask(refusal.body);
  refusal.fields.add(context_.transport_security);
  refusal.fields.add("Content-Type", kJsonType);
  if (refusal.status == 503) refusal.fields.add("Retry-After", "1");
  return refusal;
}

void Gateway::handshake_failed(TlsFailure failure, const Error& error,
                               const net::SocketAddress& peer) {
  context_.shard.count_limit(error);
  context_.shard.handshake_failed(failure);
  if (context_.log.writes(telemetry::LogLevel::kDebug)) {
    context_.log.debug("a TLS handshake with " + peer.host_text() +
                       " failed: " + std::string(name_of(failure)) + ": " + error.message);
  }
}

}  // namespace penstock::gateway
