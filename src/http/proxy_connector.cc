#include "http/proxy_connector.h"

#include <array>
#include <optional>
#include <utility>

#include "core/base64.h"
#include "http/parser.h"
#include "http/serializer.h"
#include "http/tunnel_answer.h"
#include "http/write_all.h"
#include "net/deadline.h"
#include "net/tls_stream.h"
#include "net/wait.h"

namespace penstock::http {
namespace {

Error no_tunnel(std::string message) {
  return Error::upstream(ErrorKind::kUpstreamUnreachable, RetryClass::kNothingSent,
                         std::move(message));
}

Error too_late() {
  return Error::upstream(ErrorKind::kUpstreamTimeout, RetryClass::kNothingSent,
                         "the proxy took too long to connect to the upstream")
      .at_limit(Limit::kConnectTimeout);
}

Secret basic(const Secret& credentials) {
  if (credentials.empty()) return {};
  return Secret("Basic " + base64_encoded(credentials.reveal()));
}

net::Destination as_proxy(net::Destination destination) {
  destination.party = net::Destination::Party::kProxy;
  return destination;
}

std::string authority_of(const net::Destination& destination) {
  const bool is_ipv6 = destination.host.find(':') != std::string::npos;
  const std::string host = is_ipv6 ? "[" + destination.host + "]" : destination.host;
  return host + ":" + std::to_string(destination.port);
}

}  // namespace

ProxyConnector::ProxyConnector(net::EventLoop& loop, net::Connector& direct, net::Destination proxy,
                               const Secret& credentials)
    : loop_(loop),
      direct_(direct),
      proxy_(as_proxy(std::move(proxy))),
      authorization_(basic(credentials)) {}

Task<Result<std::unique_ptr<net::Stream>>> ProxyConnector::connect(
    const net::Destination& destination, SteadyTime until, net::Signal& cancel) {
  auto target = co_await name_for_proxy(destination, until, cancel);
  if (!target) co_return failure(std::move(target.error()));
  auto stream = co_await direct_.connect(proxy_, until, cancel);
  if (!stream) co_return std::move(stream);
  net::Deadline deadline(loop_);
  deadline.set(until);
  Status opened = co_await open_tunnel(**stream, *target, deadline, cancel);
  if (!opened) co_return failure(std::move(opened.error()));
  if (destination.tls == nullptr) co_return std::move(stream);
  auto secured = std::make_unique<net::TlsStream>(std::move(*stream), *destination.tls);
  Status shaken = co_await secured->connect(loop_, deadline, cancel, destination.host);
  if (!shaken) co_return failure(std::move(shaken.error()));
  co_return secured;
}

Task<Result<std::string>> ProxyConnector::name_for_proxy(const net::Destination& destination,
                                                         SteadyTime until, net::Signal& cancel) {
  if (destination.rule == net::AddressRule::kAny) co_return authority_of(destination);
  auto addresses = co_await direct_.addresses_of(destination, until, cancel);
  if (!addresses) co_return failure(std::move(addresses.error()));
  co_return addresses->front().text();
}

std::string ProxyConnector::request_for(const std::string& target) const {
  std::string request;
  append_request_line(request, "CONNECT", {target});
  append_field(request, "Host", target);
  if (!authorization_.empty()) {
    append_field(request, "Proxy-Authorization", authorization_.reveal());
  }
  append_field(request, "User-Agent", "penstock");
  append_head_end(request);
  return request;
}

Task<Status> ProxyConnector::open_tunnel(net::Stream& stream, const std::string& target,
                                         net::Deadline& deadline, net::Signal& cancel) {
  const std::string request = request_for(target);
  Pieces pieces;
  pieces.add(request);
  for (;;) {
    const net::Transfer::Kind kind = write_some(stream, pieces);
    if (kind == net::Transfer::Kind::kBytes) break;
    if (kind != net::Transfer::Kind::kWouldBlock) {
      co_return failure(no_tunnel("the proxy closed the connection"));
    }
    const net::Woken woken = co_await net::wait_any(loop_, &deadline, cancel, stream.writable());
    if (woken.by(cancel)) co_return failure(Error::cancelled());
    if (woken.timed_out()) co_return failure(too_late());
  }
  co_return co_await receive_answer(stream, deadline, cancel);
}

Task<Status> ProxyConnector::receive_answer(net::Stream& stream, net::Deadline& deadline,
                                            net::Signal& cancel) {
  TunnelAnswer answer;
  while (answer.status() == 0) {
    const net::Woken woken = co_await net::wait_any(loop_, &deadline, cancel, stream.readable());
    if (woken.by(cancel)) co_return failure(Error::cancelled());
    if (woken.timed_out()) co_return failure(too_late());
    const net::Transfer transfer = stream.read(answer.room());
    if (transfer.kind == net::Transfer::Kind::kWouldBlock) continue;
    if (transfer.kind != net::Transfer::Kind::kBytes) {
      co_return failure(no_tunnel("the proxy closed the connection without an answer"));
    }
    Status taken = answer.received(transfer.bytes);
    if (!taken) co_return failure(no_tunnel(std::move(taken.error().message)));
  }
  co_return judge(answer.status());
}

Status ProxyConnector::judge(int status) const {
  if (status >= 200 && status < 300) return {};
  std::string message = "the proxy answered " + std::to_string(status);
  switch (status) {
    case 407:
      message += authorization_.empty()
                     ? ": it wants a user and a password in the URL of network.proxy"
                     : ": it does not accept the user and the password of network.proxy";
      break;
    case 400:
    case 403:
    case 405:
      message += ": it does not permit CONNECT to the upstream's host and port";
      break;
    case 502:
    case 503:
    case 504:
      message += ": it cannot reach the upstream";
      break;
    default:
      message += " to CONNECT";
  }
  Error error = no_tunnel(std::move(message));
  if (status == 504) error.kind = ErrorKind::kUpstreamTimeout;
  return failure(std::move(error));
}

}  // namespace penstock::http
