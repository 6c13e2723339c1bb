#pragma once

// Gateway: one thread's handler of requests. Runs the phases of an exchange in order.

#include <cstddef>
#include <string>

#include "core/task.h"
#include "gateway/context.h"
#include "gateway/exchange.h"
#include "gateway/recorder.h"
#include "http/field_block.h"
#include "http/handler.h"
#include "net/signal.h"

namespace penstock::gateway {

// Strict-Transport-Security (RFC 6797) in the reference's form. Empty if the server does not use
// TLS (the field is meaningless over plain HTTP), or if it is disabled.
http::FieldBlock transport_security_field(const config::Server& server);

class Gateway final : public http::Handler {
 public:
  explicit Gateway(Context& context);

  Task<void> handle(http::ServerExchange& client) override;
  http::Refusal refuse(const Error& error, const net::SocketAddress& peer) override;
  void handshake_failed(TlsFailure failure, const Error& error,
                        const net::SocketAddress& peer) override;
  void limit_hit(Limit limit) override { context_.shard.limit_hit(limit); }
  void connection_opened() override { context_.shard.connection_opened(); }
  void connection_closed() override;

  // Admits no more inference; open requests continue.
  void drain() { context_.draining = true; }
  // Raised while no exchange is open on this thread.
  net::Signal& quiet() { return quiet_; }
  // Raised while one is open.
  net::Signal& busy() { return busy_; }

 private:
  class Open;

  // Answers the request, or returns the error to answer with.
  Task<Status> run_phases(Exchange& exchange);
  Result<RouteMatch> find(std::string_view method, const http::Target& target) const;

  Context& context_;
  Recorder recorder_;
  const Responder::Environment responding_;
  std::size_t open_exchanges_ = 0;
  net::Signal quiet_;
  net::Signal busy_;
};

}  // namespace penstock::gateway
