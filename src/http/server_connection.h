#pragma once

// ServerConnection: one client's connection, from its first byte to its close.
//
// serve() receives requests one after the other and passes each to the handler as a ServerExchange;
// the handler reads the body, answers, and returns. Pipelined requests wait in the socket. The
// connection belongs to one thread; the handler runs inside serve() and never outlives it.

#include <chrono>
#include <cstdint>
#include <memory>

#include "core/task.h"
#include "http/client_stream.h"
#include "http/clients.h"
#include "http/input_buffer.h"
#include "http/server_exchange.h"
#include "net/stream.h"

namespace penstock::http {

class ServerConnection {
 public:
  // `client` may be null; it must outlive the connection.
  ServerConnection(const ServerContext& context, std::unique_ptr<net::Stream> stream,
                   Client* client = nullptr);
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  Task<void> serve();

  // Ends the connection, for a shutdown: at once if it is idle, else by telling the handler through
  // the exchange's gone() and stopped().
  void stop();
  // Ends the connection as if the client had gone, because another one needs its place.
  void end() { stream_.cut(); }
  // Takes no further request after the one in progress. Ends an idle connection at once.
  void drain();
  // The same for a new connection during a drain: it may send one request.
  void drain_after_this() { exchange_.draining_ = true; }

 private:
  enum class Received : std::uint8_t { kRequest, kNothing };

  Task<void> serve_requests();
  Task<Received> receive_head();
  Task<bool> wait_for_first_byte();
  Task<void> refuse(Error error);
  Task<void> linger();
  std::chrono::milliseconds patience() const;

  const ServerContext context_;
  ClientStream stream_;
  net::Signal drained_;  // ends only a wait for the next request

  InputBuffer input_;
  Client* const client_;
  ServerExchange exchange_;
  bool first_request_ = true;
};

}  // namespace penstock::http
