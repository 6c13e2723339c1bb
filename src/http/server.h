#pragma once

// Server: one thread's listener and the connections that it has accepted.
//
// Every thread runs one on the same address. They share only a ConnectionCount. Shutting down has
// three steps, each optional: drain() ends idle connections and lets the others finish the request
// in progress, close_listener() stops accepting, stop() cuts the rest. Then join() ends.

#include <cstddef>
#include <memory>
#include <unordered_set>

#include "core/task.h"
#include "http/clients.h"
#include "http/scratch.h"
#include "http/server_connection.h"
#include "net/listener.h"
#include "net/task_group.h"
#include "net/tls_context.h"
#include "net/tls_stream.h"

namespace penstock::http {

class Server {
 public:
  // All references outlive the server. `tls` is null for plain connections.
  Server(const ServerContext& context, std::unique_ptr<net::Listener> listener,
         const net::TlsContext* tls, ConnectionCount& count,
         net::TaskGroup::OnException on_exception);

  // Begins to accept.
  void start();

  // For new connections; null: plain. It outlives the server, or the next call of this.
  void set_tls(const net::TlsContext* tls) { tls_ = tls; }
  // After a change of the context's limits.
  void limits_changed();

  void drain();
  void close_listener();
  void stop();
  // Ends when no connection is left; call close_listener() first.
  Task<void> join() { return tasks_.join(); }

  std::size_t connections() const { return connections_.size(); }
  // Raised while no client is in the middle of anything that a drain waits for, except exchanges.
  net::Signal& quiet() { return clients_.quiet(); }

 private:
  class Open;
  class Listed;
  class Handshake;
  class Attached;

  Task<void> accept_connections();
  void take(net::Listener::Accepted accepted);
  Task<void> serve(std::unique_ptr<net::RegisteredSocket> socket, net::SocketAddress peer,
                   Clients::Place place);
  Task<void> serve_stream(std::unique_ptr<net::Stream> stream, Client& client);
  // Reads the header of the PROXY protocol, if there is to be one, and takes the address in it as
  // `peer`. False if the connection has to end.
  Task<bool> read_proxy_header(net::RegisteredSocket& socket, net::SocketAddress& peer,
                               Client& client);
  bool may_begin_with_proxy_header(const net::SocketAddress& peer) const;
  Task<bool> shake_hands(net::TlsStream& stream, Client& client);
  void refuse(const net::Listener::Accepted& accepted);

  const ServerContext context_;
  std::unique_ptr<net::Listener> listener_;
  const net::TlsContext* tls_;
  Clients clients_;
  net::TaskGroup::OnException on_exception_;
  net::Signal listener_closed_;
  net::Signal stopped_;
  bool draining_ = false;
  std::unordered_set<ServerConnection*> connections_;
  std::unordered_set<Client*> handshakes_;
  net::TaskGroup tasks_;  // last: its tasks use everything above
};

}  // namespace penstock::http
