#pragma once

// Handler: what a server does with the requests that it receives, on one thread.

#include <string_view>

#include "core/error.h"
#include "core/proxy_header_failure.h"
#include "core/task.h"
#include "core/tls_failure.h"
#include "http/refusal.h"
#include "net/socket_address.h"

namespace penstock::http {

class ServerExchange;

class Handler {
 public:
  virtual ~Handler() = default;

  // Answers exchange.request(). An answer that has not ended when it returns is cut off.
  virtual Task<void> handle(ServerExchange& exchange) = 0;

  // A request could not be received: broken, too large, too slow, or cut off by its client
  // (kClientGone). `target` is what has come of its target, unchecked; empty if nothing has.
  // Returns the answer to send before the connection closes.
  virtual Refusal refuse(const Error& error, const net::SocketAddress& peer,
                         std::string_view target) = 0;
  // A TLS connection failed before its first request.
  virtual void handshake_failed(TlsFailure, const Error&, const net::SocketAddress&) {}
  // A trusted peer's connection ended because of its header of the PROXY protocol.
  virtual void proxy_header_failed(ProxyHeaderFailure, const net::SocketAddress&) {}
  // The connection has reached a limit, without failing a request.
  virtual void limit_hit(Limit) {}

  // For counting.
  virtual void connection_opened() {}
  virtual void connection_closed() {}
};

}  // namespace penstock::http
