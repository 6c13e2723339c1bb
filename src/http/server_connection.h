#pragma once

// ServerConnection: one client's connection, from its first byte to its close.
//
// serve() receives requests one after the other and gives each to the handler; the handler reads
// the body, answers, and returns. Requests that a client sends ahead of their answers wait in the
// socket. The connection belongs to one thread; the handler runs inside serve() and never outlives
// it.
//
// A client that shuts its side, or whose connection breaks, is gone: gone() is raised, and every
// wait of the handler is meant to name it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/task.h"
#include "http/chunked.h"
#include "http/head.h"
#include "http/parser.h"
#include "http/scratch.h"
#include "http/write_all.h"
#include "net/event_loop.h"
#include "net/stream.h"

namespace penstock::http {

struct ServerLimits {
  HeadLimits head;
  std::size_t body_bytes = 64 * 1024 * 1024;
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};   // between two reads of a body
  std::chrono::milliseconds write_timeout{60'000};  // without any byte taken by the client
  std::chrono::milliseconds idle_timeout{75'000};
};

class ServerConnection;

class Handler {
 public:
  virtual ~Handler() = default;

  // Answers connection.request(). What it has not answered when it returns is cut off.
  virtual Task<void> handle(ServerConnection& connection) = 0;

  // A request that could not be received: broken, too large or too slow. Returns the whole answer
  // (head and body) to send before the connection closes; empty: close without a word.
  virtual std::string refuse(const Error& error) = 0;

  // For counting.
  virtual void connection_opened() {}
  virtual void connection_closed() {}
  virtual void idle_timed_out() {}
};

class ServerConnection {
 public:
  // Bytes that stay readable behind body(), for parsers that read ahead.
  static constexpr std::size_t kBodyPadding = 64;

  ServerConnection(net::EventLoop& loop, std::unique_ptr<net::Stream> stream, ScratchPool& scratch,
                   const ServerLimits& limits, Handler& handler);
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  Task<void> serve();

  // Ends the connection from outside, for a shutdown: at once while it is idle, else by telling
  // the handler through gone() and stopped().
  void stop();
  // No further request is taken after the one in progress. An idle connection ends at once.
  void drain();
  // The same for a connection that is new during a drain: it may bring one request.
  void drain_after_this() { draining_ = true; }

  // --- For the handler, while a request is in progress ---

  // Valid until release_request() or the handler's return, whichever is first.
  const RequestHead& request() const { return head_; }

  // Reads the whole body, and gives it as one piece with kBodyPadding readable bytes behind it;
  // valid as long as request(). Errors: kBodyTooLarge, kRequestTimeout, kMalformedRequest,
  // kClientGone.
  Eventual<Result<std::string_view>> read_body();

  // Gives the memory of head and body back: before an answer that may take long.
  void release_request();

  // Raised when the client has gone, or by stop().
  net::Signal& gone() { return stream_->closed(); }
  bool stopped() const { return stopped_; }

  // Writes all pieces, waiting for a slow client as long as it takes some bytes from time to time.
  // Errors: kClientGone, kRequestTimeout (the write timeout); after one, nothing more is written,
  // since it would be taken for the rest of what was cut off.
  Eventual<Status> write(Pieces pieces);

  // Whether the connection may go on after this exchange. The answer's head must say
  // `Connection: close` where not (and `keep-alive` to an HTTP/1.0 client where so).
  bool keep_alive() const;
  // The connection ends with this exchange, because its answer has no other end.
  void end_after_this() { head_.keep_alive = false; }
  // The answer is complete, its framing sound: the connection may take the next request.
  void answered() { answered_ = true; }
  // The connection ends with a reset: for an answer whose only end is the connection's.
  void reset_on_close() { stream_->reset_on_close(); }

  net::EventLoop& loop() { return loop_; }
  ScratchPool& scratch() { return scratch_; }
  // For the handler's own waits; serve() does not use it while the handler runs.
  net::Deadline& deadline() { return deadline_; }
  const net::SocketAddress& peer() const { return stream_->peer(); }
  SteadyTime request_started() const { return request_started_; }
  std::uint64_t body_bytes_received() const { return body_bytes_received_; }
  std::uint64_t bytes_sent() const { return bytes_sent_; }  // of this answer

 private:
  enum class Received : std::uint8_t { kRequest, kNothing };

  Task<Received> receive_head();
  Task<bool> wait_for_first_byte();
  bool make_room();
  // Reads once into `into`, waiting until `deadline_`, which stands for `limit`. Errors:
  // kClientGone, kRequestTimeout.
  Task<Result<std::size_t>> read_some(std::span<char> into, Limit limit);
  Task<Result<std::string_view>> receive_body();
  Task<Status> read_length_body(std::size_t length);
  Task<Status> read_chunked_body();
  Task<Status> send_continue();
  net::Transfer::Kind write_what_goes(Pieces& pieces);
  Task<Status> write_rest(Pieces pieces);
  Task<void> refuse(Error error);
  Task<void> linger();
  bool body_is_here() const;
  bool may_lie_here(std::uint64_t length) const;
  std::string_view take_body_here();
  void finish_request();
  std::string_view unread() const { return {block_.data() + begin_, end_ - begin_}; }

  net::EventLoop& loop_;
  std::unique_ptr<net::Stream> stream_;
  ScratchPool& scratch_;
  const ServerLimits& limits_;
  Handler& handler_;
  net::Deadline deadline_;
  net::Signal drained_;  // ends a wait for the next request, and nothing else

  ScratchPool::Block block_;
  std::size_t begin_ = 0;  // the bytes of the block that are received and not yet used
  std::size_t end_ = 0;

  RequestHead head_;
  std::string_view body_;
  std::unique_ptr<char[]> large_body_;
  std::string chunked_body_;
  std::string leftover_;  // bytes behind a chunked body: the next request
  bool first_request_ = true;
  bool body_read_ = false;
  bool answered_ = false;
  bool draining_ = false;
  bool stopped_ = false;
  bool write_cut_ = false;  // a write has ended in the middle
  SteadyTime request_started_{};
  std::uint64_t body_bytes_received_ = 0;
  std::uint64_t bytes_sent_ = 0;
};

}  // namespace penstock::http
