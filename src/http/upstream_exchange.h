#pragma once

// UpstreamExchange: one request to an upstream, and its answer.
//
// The order of calls is send(), write() for the parts of a body that follow, receive_head(), then
// read_body() until the end, and finish(). An exchange that is destroyed before is reset: its
// upstream sees a broken connection. It has a connection of the pool for itself; the pool outlives
// it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "core/result.h"
#include "core/task.h"
#include "http/upstream_connection.h"
#include "net/signal.h"

namespace penstock::http {

class UpstreamPool;

class UpstreamExchange {
 public:
  using BodyPart = UpstreamConnection::BodyPart;

  UpstreamExchange() = default;  // to be assigned
  UpstreamExchange(UpstreamPool& pool, std::unique_ptr<UpstreamConnection> connection)
      : pool_(&pool), connection_(std::move(connection)) {}
  // Not inline: in the frame of a coroutine, GCC 12 takes the connection for a part of the frame,
  // and warns that it is deleted.
  ~UpstreamExchange();
  UpstreamExchange(UpstreamExchange&&) noexcept = default;
  UpstreamExchange& operator=(UpstreamExchange&&) noexcept = default;

  // Whether its connection has served an earlier exchange.
  bool reused() const { return connection_->reused(); }

  // For the following see UpstreamConnection.

  Eventual<Status> send(const RequestToSend& request, const Pieces& body, SteadyTime until,
                        net::Signal& cancel) {
    return connection_->send(request, body, until, cancel);
  }
  Eventual<Status> send(const RequestToSend& request, std::optional<std::uint64_t> length,
                        std::string_view part, Last last, SteadyTime until, net::Signal& cancel) {
    return connection_->send(request, length, part, last, until, cancel);
  }
  Eventual<Status> write(std::string_view part, Last last, SteadyTime until, net::Signal& cancel) {
    return connection_->write(part, last, until, cancel);
  }
  bool has_answer() const { return connection_->has_answer(); }

  Task<Result<const ResponseHead*>> receive_head(SteadyTime until, net::Signal& cancel) {
    return connection_->receive_head(until, cancel);
  }
  Result<BodyPart> read_body() { return connection_->read_body(); }
  net::Signal& readable() { return connection_->readable(); }
  bool has_buffered() const { return connection_->has_buffered(); }
  void release_memory() { connection_->release_memory(); }

  // Ends the exchange after the end of the body: the connection may serve another one. Nothing else
  // may be called after it.
  void finish();
  // The same for an answer that is not needed: its rest is skipped if it has arrived and is short.
  void finish_unread();
  // Ends the exchange at once, as its destruction does.
  void reset() { connection_.reset(); }

 private:
  UpstreamPool* pool_ = nullptr;
  std::unique_ptr<UpstreamConnection> connection_;
};

}  // namespace penstock::http
