#pragma once

// ServerConnection: one client's connection, from its first byte to its close.
//
// serve() receives requests one after the other and passes each to the handler; the handler reads
// the body, answers, and returns. Pipelined requests wait in the socket. The connection belongs to
// one thread; the handler runs inside serve() and never outlives it.
//
// A client that shuts its side, or whose connection breaks, is gone: gone() is raised, and every
// wait of the handler must include it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"
#include "core/task.h"
#include "core/tls_failure.h"
#include "http/body_budget.h"
#include "http/body_memory.h"
#include "http/client_stream.h"
#include "http/clients.h"
#include "http/head.h"
#include "http/input_buffer.h"
#include "http/request_body.h"
#include "http/scratch.h"
#include "http/server_limits.h"
#include "net/event_loop.h"
#include "net/stream.h"

namespace penstock::http {

class ServerConnection;

enum class AnswerTo : std::uint8_t { kHead, kOtherMethod };

class Handler {
 public:
  virtual ~Handler() = default;

  // Answers connection.request(). An answer that is incomplete when it returns is cut off.
  virtual Task<void> handle(ServerConnection& connection) = 0;

  // A request could not be received: broken, too large, too slow, or cut off by its client
  // (kClientGone). Returns the whole answer to send before the connection closes; empty: close
  // without an answer. An answer to HEAD has no body, whatever its fields say (RFC 9110 section
  // 9.3.2).
  virtual std::string refuse(const Error& error, AnswerTo answer_to,
                             const net::SocketAddress& peer) = 0;
  // A TLS connection failed before its first request.
  virtual void handshake_failed(TlsFailure, const Error&, const net::SocketAddress&) {}
  // The connection has reached a limit, without failing a request.
  virtual void limit_hit(Limit) {}

  // For counting.
  virtual void connection_opened() {}
  virtual void connection_closed() {}
};

// What the connections of one thread share. All of it outlives them.
struct ServerContext {
  net::EventLoop& loop;
  ScratchPool& scratch;
  const ServerLimits& limits;
  BodyBudget& bodies;
  Handler& handler;
};

class ServerConnection {
 public:
  // `client` may be null; it must outlive the connection.
  ServerConnection(const ServerContext& context, std::unique_ptr<net::Stream> stream,
                   Client* client = nullptr);
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  Task<void> serve();

  // Ends the connection, for a shutdown: at once if it is idle, else by telling the handler through
  // gone() and stopped().
  void stop();
  // Ends the connection as if the client had gone, because another one needs its place.
  void end() { stream_.cut(); }
  // Takes no further request after the one in progress. Ends an idle connection at once.
  void drain();
  // The same for a new connection during a drain: it may send one request.
  void drain_after_this() { draining_ = true; }

  // --- For the handler, while a request is in progress ---

  // Valid until release_request() or the handler's return, whichever is first.
  const RequestHead& request() const { return head_; }

  // Reads the whole body and returns it as one piece, valid as long as request(). Errors:
  // kBodyTooLarge, kRequestTimeout, kMalformedRequest, kOverloaded, kClientGone.
  Eventual<Result<std::string_view>> read_body() { return body_.read(); }

  // Replaces the body that was read by another form of it; valid as long.
  std::string_view replace_body(BodyMemory body) { return body_.replace(std::move(body)); }

  // Frees the memory of head and body, before an answer that may take long.
  void release_request();

  // The client has shown a key that is valid for its request. False if the server is at its limit
  // of connections and this one has a reserved place: only operations are served.
  bool admit() { return client_ == nullptr || client_->admit(); }
  // The client has shown no valid key: it may not stay for long.
  void refuse_key() { key_refused_ = true; }

  // Raised when the client has gone, or by stop().
  net::Signal& gone() { return stream_.gone(); }
  bool stopped() const { return stopped_; }

  // See ClientStream::write(). Errors: kClientGone, kRequestTimeout.
  Eventual<Status> write(Pieces pieces) { return stream_.write(pieces); }

  // Whether the connection may continue after this exchange. If not, the answer's head must say
  // `Connection: close`; if so, it must say `keep-alive` to an HTTP/1.0 client.
  bool keep_alive() const;
  // The connection ends with this exchange, because nothing else marks the answer's end.
  void end_after_this() { head_.keep_alive = false; }
  // The answer is complete and its framing sound: the connection may take the next request.
  void answered() { answered_ = true; }
  // Makes the connection end with a reset, for an answer that only the connection's end completes.
  void reset_on_close() { stream_.reset_on_close(); }

  net::EventLoop& loop() { return context_.loop; }
  ScratchPool& scratch() { return context_.scratch; }
  // For other forms of the request that the handler holds: they count as well.
  BodyBudget& bodies() { return context_.bodies; }
  // For the handler's own waits; serve() does not use it while the handler runs.
  net::Deadline& deadline() { return stream_.deadline(); }
  const net::SocketAddress& peer() const { return stream_.peer(); }
  SteadyTime request_started() const { return request_started_; }
  std::uint64_t body_bytes_received() const { return body_.bytes_received(); }
  std::uint64_t bytes_sent() const { return stream_.bytes_sent() - sent_before_; }

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
  RequestHead head_;
  RequestBody body_;
  Client* const client_;
  bool first_request_ = true;
  bool key_refused_ = false;
  bool answered_ = false;
  bool draining_ = false;
  bool stopped_ = false;
  SteadyTime request_started_{};
  std::uint64_t sent_before_ = 0;  // bytes of the answers before this one
};

}  // namespace penstock::http
