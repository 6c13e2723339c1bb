#pragma once

// Server: one thread's listener and the connections that it has accepted.
//
// Every thread runs one on the same address. All of them share a ConnectionCount; everything else
// is the thread's own. Shutting down has three steps, each optional: drain() ends idle connections
// and lets the others finish the request in progress, close_listener() stops taking new ones,
// stop() cuts what is left. join() then ends.

#include <atomic>
#include <cstddef>
#include <memory>
#include <unordered_set>

#include "core/task.h"
#include "http/scratch.h"
#include "http/server_connection.h"
#include "net/listener.h"
#include "net/task_group.h"
#include "net/tls_context.h"

namespace penstock::http {

// Client connections of all threads together.
class ConnectionCount {
 public:
  explicit ConnectionCount(std::size_t max) : max_(max) {}

  // False where the limit is reached; else leave() must follow.
  bool enter() {
    if (open_.fetch_add(1, std::memory_order_relaxed) < max_) return true;
    leave();
    return false;
  }
  void leave() { open_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  const std::size_t max_;
  std::atomic<std::size_t> open_{0};
};

class Server {
 public:
  // All references outlive the server. `tls` is null for plain connections.
  Server(const ServerContext& context, std::unique_ptr<net::Listener> listener,
         const net::TlsContext* tls, ConnectionCount& count,
         net::TaskGroup::OnException on_exception);

  // Begins to accept.
  void start();

  void drain();
  void close_listener();
  void stop();
  // Ends when no connection is left; after close_listener().
  Task<void> join() { return tasks_.join(); }

  std::size_t connections() const { return connections_.size(); }

 private:
  class Counted;
  class Listed;

  Task<void> accept_connections();
  Task<void> serve(std::unique_ptr<net::RegisteredSocket> socket, net::SocketAddress peer);
  Task<void> serve_stream(std::unique_ptr<net::Stream> stream);
  void refuse(net::RegisteredSocket& socket);

  const ServerContext context_;
  std::unique_ptr<net::Listener> listener_;
  const net::TlsContext* tls_;
  ConnectionCount& count_;
  net::Signal listener_closed_;
  net::Signal stopped_;
  bool draining_ = false;
  std::unordered_set<ServerConnection*> connections_;
  net::TaskGroup tasks_;  // last: its tasks use everything above
};

}  // namespace penstock::http
