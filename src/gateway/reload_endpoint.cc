#include "gateway/reload_endpoint.h"

#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "core/ip_address.h"
#include "core/text.h"
#include "gateway/exchange.h"
#include "net/event_loop.h"
#include "net/signal.h"
#include "net/wait.h"

namespace penstock::gateway {
namespace {

// Shared with the control thread, which may answer after the client has gone.
struct AwaitedReload {
  explicit AwaitedReload(net::EventLoop& its_loop) : loop(its_loop) {}

  net::EventLoop& loop;
  net::Signal done;
  ReloadResult result;
};

std::shared_ptr<AwaitedReload> request_reload(Reloader& reloader, net::EventLoop& loop) {
  auto awaited = std::make_shared<AwaitedReload>(loop);
  reloader.request([awaited](ReloadResult result) {
    awaited->loop.post([awaited, result = std::move(result)]() mutable {
      awaited->result = std::move(result);
      awaited->done.raise();
    });
  });
  return awaited;
}

std::string text_of(const ReloadResult& result) {
  std::string text;
  for (const std::string& line : result.lines) text.append(line).append("\n");
  return text;
}

std::string json_of(const ReloadResult& result) {
  std::string text =
      result.is_served ? R"({"served":true,"lines":[)" : R"({"served":false,"lines":[)";
  for (const std::string& line : result.lines) {
    if (&line != &result.lines.front()) text.push_back(',');
    text.append(json_quoted(line));
  }
  return text.append("]}");
}

bool is_on_this_machine(const net::SocketAddress& peer) {
  if (peer.is_unix()) return true;
  const std::optional<IpAddress> address = IpAddress::parse(peer.host_text());
  return address && address->is_loopback();
}

// Without keys everybody is an administrator, also of a server that strangers can reach.
Status check_may_reload(const Exchange& exchange) {
  if (!exchange.server().api_keys.empty()) return {};
  if (is_on_this_machine(exchange.client().peer())) return {};
  return failure(Error::client(ErrorKind::kForbidden,
                               "without server.api_keys, only a client on the server's machine "
                               "may reload the configuration"));
}

Task<Status> reload(const ReloadServices& services, Exchange& exchange, const RouteMatch&) {
  Status permitted = check_may_reload(exchange);
  if (!permitted) co_return permitted;
  if (services.reloader == nullptr) {
    co_return failure(Error::client(ErrorKind::kNotImplemented,
                                    "this server was not started with a configuration of its own"));
  }
  const std::shared_ptr<AwaitedReload> awaited =
      request_reload(*services.reloader, exchange.loop());
  const net::Woken woken =
      co_await net::wait_any(exchange.loop(), nullptr, exchange.client().gone(), awaited->done);
  if (!woken.by(awaited->done)) co_return failure(Error::cancelled());
  const ReloadResult& result = awaited->result;
  const std::string_view accept =
      exchange.client().request().fields.find(http::FieldName::kAccept).value_or("");
  const bool is_text = accept.starts_with("text/plain");
  const std::string body = is_text ? text_of(result) : json_of(result);
  co_return co_await exchange.responder().respond(
      result.is_served ? 200 : 422, is_text ? "text/plain; charset=utf-8" : kJsonType, body);
}

constexpr std::array<RouteRow<ReloadServices>, 1> kReloadRoutes = {{
    {{.method = "POST",
      .path = "/penstock/reload",
      .access = Access::kAdmin,
      .audience = Audience::kOperators},
     reload},
}};

}  // namespace

std::span<const RouteRow<ReloadServices>> reload_routes() {
  return kReloadRoutes;
}

}  // namespace penstock::gateway
