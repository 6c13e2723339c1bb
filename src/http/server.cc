#include "http/server.h"

#include <chrono>
#include <utility>

#include <sys/socket.h>

#include "net/socket_stream.h"
#include "net/tls_stream.h"
#include "net/wait.h"

namespace penstock::http {
namespace {

// How long to wait for a descriptor or memory to become free before accepting again.
constexpr std::chrono::milliseconds kResourcePause{50};
// Connections accepted in one go, before those that have work get their turn.
constexpr int kAcceptsPerTurn = 64;

}  // namespace

// What is counted and listed while a connection is served is taken back however that ends, also by
// an exception.
class Server::Counted {
 public:
  explicit Counted(Server& server) : server_(server) {
    server_.context_.handler.connection_opened();
  }
  ~Counted() {
    server_.context_.handler.connection_closed();
    server_.count_.leave();
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  Server& server_;
};

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

Server::Server(const ServerContext& context, std::unique_ptr<net::Listener> listener,
               const net::TlsContext* tls, ConnectionCount& count,
               net::TaskGroup::OnException on_exception)
    : context_(context),
      listener_(std::move(listener)),
      tls_(tls),
      count_(count),
      tasks_(context.loop, std::move(on_exception)) {}

void Server::start() {
  tasks_.spawn(accept_connections());
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
        pause.set_after(kResourcePause);
        co_await net::wait_any(context_.loop, &pause, listener_closed_);
        break;
      }
      if (count_.enter()) {
        tasks_.spawn(serve(std::move(accepted.socket), accepted.peer));
      } else {
        refuse(*accepted.socket);
      }
    }
  }
  listener_.reset();
}

void Server::refuse(net::RegisteredSocket& socket) {
  const std::string answer = context_.handler.refuse(
      Error::gateway(ErrorKind::kOverloaded, "the server has as many connections as it may have")
          .at_limit(Limit::kConnections),
      AnswerTo::kOtherMethod);
  // Best effort, and only where the client would understand it.
  if (tls_ == nullptr) {
    (void)send(socket.descriptor(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
}

Task<void> Server::serve(std::unique_ptr<net::RegisteredSocket> socket, net::SocketAddress peer) {
  const Counted counted(*this);
  if (tls_ == nullptr) {
    co_await serve_stream(std::make_unique<net::SocketStream>(std::move(socket), peer));
  } else {
    auto stream = std::make_unique<net::TlsStream>(std::move(socket), peer, *tls_);
    net::Deadline deadline(context_.loop);
    deadline.set_after(context_.limits.header_timeout);
    const Status accepted = co_await stream->accept(context_.loop, deadline, stopped_);
    if (accepted) co_await serve_stream(std::move(stream));
  }
}

Task<void> Server::serve_stream(std::unique_ptr<net::Stream> stream) {
  ServerConnection connection(context_, std::move(stream));
  if (draining_) connection.drain_after_this();
  // Accepted in the turn in which the order to stop came.
  if (stopped_.raised()) connection.stop();
  const Listed listed(*this, connection);
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
}

}  // namespace penstock::http
