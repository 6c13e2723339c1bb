#include "http/server.h"

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include <sys/socket.h>

#include "http/proxy_header_reader.h"
#include "net/socket_stream.h"
#include "net/tls_stream.h"
#include "net/wait.h"

namespace penstock::http {
namespace {

// How long to wait for a free descriptor or memory before accepting again.
constexpr std::chrono::milliseconds kResourcePause{50};
// Connections accepted in one go, before those that have work get their turn.
constexpr int kAcceptsPerTurn = 64;

}  // namespace

// Removes the connection from the list however serving it ends, also by an exception.
class Server::Listed {
 public:
  Listed(Server& server, ServerConnection& connection) : server_(server), connection_(connection) {
    server_.connections_.insert(&connection_);
  }
  ~Listed() { server_.connections_.erase(&connection_); }
  Listed(const Listed&) = delete;
  Listed& operator=(const Listed&) = delete;

 private:
  Server& server_;
  ServerConnection& connection_;
};

class Server::Handshake {
 public:
  Handshake(Server& server, Client& client) : server_(server), client_(client) {
    server_.handshakes_.insert(&client_);
    if (server_.stopped_.raised()) client_.ended().raise();
  }
  ~Handshake() { server_.handshakes_.erase(&client_); }
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;

 private:
  Server& server_;
  Client& client_;
};

// Lets the client's entry tell the connection to end, for as long as there is one.
class Server::Attached {
 public:
  Attached(Client& client, ServerConnection& connection) : client_(client) {
    client_.set_connection(&connection);
    if (client_.ended().raised()) connection.end();
  }
  ~Attached() { client_.set_connection(nullptr); }
  Attached(const Attached&) = delete;
  Attached& operator=(const Attached&) = delete;

 private:
  Client& client_;
};

class Server::Open {
 public:
  explicit Open(Handler& handler) : handler_(handler) { handler_.connection_opened(); }
  ~Open() { handler_.connection_closed(); }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;

 private:
  Handler& handler_;
};

Server::Server(const ServerContext& context, std::unique_ptr<net::Listener> listener,
               const net::TlsContext* tls, ConnectionCount& count,
               net::TaskGroup::OnException on_exception)
    : context_(context),
      listener_(std::move(listener)),
      tls_(tls),
      clients_(context.loop, count, context.limits.reserved_connections),
      on_exception_(std::move(on_exception)),
      tasks_(context.loop, on_exception_) {}

void Server::start() {
  tasks_.spawn(accept_connections());
}

void Server::limits_changed() {
  clients_.set_reserved(context_.limits.reserved_connections);
  if (listener_ != nullptr) listener_->set_reserve(context_.limits.reserved_connections);
}

Task<void> Server::accept_connections() {
  net::Deadline pause(context_.loop);
  for (;;) {
    const net::Woken woken =
        co_await net::wait_any(context_.loop, nullptr, listener_closed_, listener_->readable());
    if (woken.by(listener_closed_)) break;
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
      net::Listener::Accepted accepted = listener_->accept();
      if (accepted.kind == net::Listener::Accepted::Kind::kNoneWaiting) break;
      if (accepted.kind == net::Listener::Accepted::Kind::kOutOfResources) {
        // One makes room for the new connection, the other for its upstream's.
        clients_.end_one();
        clients_.end_one();
        pause.set_after(kResourcePause);
        co_await net::wait_any(context_.loop, &pause, listener_closed_);
        break;
      }
      take(std::move(accepted));
    }
  }
  listener_.reset();
}

// Lack of memory for one connection must not keep others from being accepted.
void Server::take(net::Listener::Accepted accepted) {
  try {
    const Clients::Place place =
        accepted.from_reserve ? clients_.find_place_without_descriptors() : clients_.find_place();
    if (clients_.was_full()) context_.handler.limit_hit(Limit::kConnections);
    if (place == Clients::Place::kNone) return refuse(accepted);
    tasks_.spawn(serve(std::move(accepted.socket), accepted.peer, place));
  } catch (const std::exception& exception) {
    on_exception_(exception.what());
  }
}

void Server::refuse(const net::Listener::Accepted& accepted) {
  const Refusal refusal = context_.handler.refuse(
      Error::gateway(ErrorKind::kOverloaded,
                     "the server has reached its limit of connections; retry later"),
      accepted.peer, {});
  // Best effort, and only if the client would understand it.
  if (tls_ == nullptr && refusal.status != 0) {
    const std::string answer = to_text(refusal, AnswerTo::kOtherMethod, context_.loop.wall());
    (void)send(accepted.socket->descriptor(), answer.data(), answer.size(),
               MSG_NOSIGNAL | MSG_DONTWAIT);
  }
}

Task<void> Server::serve(std::unique_ptr<net::RegisteredSocket> socket, net::SocketAddress peer,
                         Clients::Place place) {
  Client client(clients_, peer, place);
  const Open open(context_.handler);
  if (may_begin_with_proxy_header(peer)) {
    const bool read = co_await read_proxy_header(*socket, peer, client);
    if (!read) co_return;
  }
  if (tls_ == nullptr) {
    auto stream = std::make_unique<net::SocketStream>(std::move(socket), peer);
    co_await serve_stream(std::move(stream), client);
  } else {
    auto stream = std::make_unique<net::TlsStream>(std::move(socket), peer, *tls_);
    const bool accepted = co_await shake_hands(*stream, client);
    if (accepted) co_await serve_stream(std::move(stream), client);
  }
}

bool Server::may_begin_with_proxy_header(const net::SocketAddress& peer) const {
  const TrustedPeers* const trusted = context_.trusted;
  return trusted != nullptr && trusted->proxy_protocol != TrustedPeers::ProxyProtocol::kOff &&
         trusted->trusts(peer);
}

// The header is looked at in the socket, and taken when it is whole: what follows it may be TLS.
Task<bool> Server::read_proxy_header(net::RegisteredSocket& socket, net::SocketAddress& peer,
                                     Client& client) {
  const Handshake listed(*this, client);
  const bool is_required =
      context_.trusted->proxy_protocol == TrustedPeers::ProxyProtocol::kRequired;
  net::Deadline deadline(context_.loop);
  deadline.set_after(context_.limits.header_timeout);
  ProxyHeaderReader reader(socket, context_.scratch);
  for (;;) {
    const ProxyHeaderReader::Step step = reader.look(is_required);
    if (step.ended) {
      if (step.failure) context_.handler.proxy_header_failed(*step.failure, peer);
      if (step.source) {
        peer = *step.source;
        client.comes_from(peer);
      }
      if (!draining_) client.set_not_in_the_middle();
      co_return step.goes_on;
    }
    if (reader.has_begun()) client.set_in_the_middle();
    net::Readiness& readiness = socket.readiness();
    const net::Woken woken = co_await net::wait_any(context_.loop, &deadline, client.ended(),
                                                    readiness.readable, readiness.closed);
    if (woken.by(client.ended())) co_return false;
    if (!woken.timed_out()) continue;
    if (reader.has_begun()) {
      context_.handler.proxy_header_failed(ProxyHeaderFailure::kTimeout, peer);
    } else {
      context_.handler.limit_hit(Limit::kIdleTimeout);
    }
    co_return false;
  }
}

// A drain waits for a client that has begun a handshake, and for the one request that it then
// sends. One that has sent nothing is idle.
Task<bool> Server::shake_hands(net::TlsStream& stream, Client& client) {
  const Handshake listed(*this, client);
  net::Deadline deadline(context_.loop);
  deadline.set_after(context_.limits.header_timeout);
  while (!stream.has_begun()) {
    const net::Woken woken =
        co_await net::wait_any(context_.loop, &deadline, client.ended(), stream.readable());
    if (woken.timed_out()) context_.handler.limit_hit(Limit::kIdleTimeout);
    if (!woken.by(stream.readable())) co_return false;
  }
  client.set_in_the_middle();
  const Status accepted = co_await stream.accept(context_.loop, deadline, client.ended());
  if (!accepted) {
    const std::optional<TlsFailure> failure = stream.accept_failure();
    if (failure) context_.handler.handshake_failed(*failure, accepted.error(), stream.peer());
    co_return false;
  }
  if (!draining_) client.set_not_in_the_middle();
  co_return true;
}

Task<void> Server::serve_stream(std::unique_ptr<net::Stream> stream, Client& client) {
  ServerConnection connection(context_, std::move(stream), &client);
  if (draining_) connection.drain_after_this();
  // Accepted in the turn in which stop() was called.
  if (stopped_.raised()) connection.stop();
  const Listed listed(*this, connection);
  const Attached attached(client, connection);
  co_await connection.serve();
}

void Server::drain() {
  draining_ = true;
  // Raising a signal runs nothing at once, so the set does not change under the loop.
  for (ServerConnection* connection : connections_) connection->drain();
}

void Server::close_listener() {
  listener_closed_.raise();
}

void Server::stop() {
  close_listener();
  stopped_.raise();
  for (ServerConnection* connection : connections_) connection->stop();
  for (Client* client : handshakes_) client->ended().raise();
}

}  // namespace penstock::http
