#pragma once

// ClientStream: the stream of one client, read and written with time limits.
//
// Of HTTP it knows only how a connection ends properly. A client that shuts its side, or whose
// connection breaks, is gone: gone() is raised, and every wait ends with kClientGone. Owned by its
// ServerConnection, used by its thread.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "core/result.h"
#include "core/task.h"
#include "http/scratch.h"
#include "http/server_limits.h"
#include "http/write_all.h"
#include "net/event_loop.h"
#include "net/stream.h"

namespace penstock::http {

class ClientStream {
 public:
  ClientStream(net::EventLoop& loop, std::unique_ptr<net::Stream> stream,
               const ServerLimits& limits);

  net::EventLoop& loop() { return loop_; }
  net::Deadline& deadline() { return deadline_; }
  net::Signal& gone() { return stream_->closed(); }
  net::Signal& readable() { return stream_->readable(); }
  const net::SocketAddress& peer() const { return stream_->peer(); }

  // Ends every present and future wait as if the client had gone.
  void cut();
  bool was_cut() const { return cut_; }

  net::Transfer read(std::span<char> into) { return stream_->read(into); }
  // Reads once, waiting until deadline(), which enforces `limit`. Errors: kClientGone,
  // kRequestTimeout.
  Task<Result<std::size_t>> read_some(std::span<char> into, Limit limit);

  // Writes all pieces. Waits for a slow client as long as it takes some bytes within
  // ServerLimits::write_timeout. Errors: kClientGone, kRequestTimeout; after an error nothing more
  // is written, since the client would take it for the rest of the broken write.
  Eventual<Status> write(Pieces pieces);
  // Whether a write ended in the middle.
  bool write_was_cut() const { return write_cut_; }

  // Makes the connection end with a reset when the stream is destroyed.
  void reset_on_close();

  // Ends a connection whose last answer has been written: shuts the sending side, and discards what
  // the client still sends until it closes too. Closing with unread bytes would reset the
  // connection, and the client could lose an answer that it has not read yet (RFC 9112 section
  // 9.6). Stops waiting after linger_timeout of silence, after discard_timeout in total, or after
  // discarded_bytes; returns the limit if it was one of the last two.
  Task<std::optional<Limit>> linger(ScratchPool& scratch);

 private:
  net::Transfer::Kind write_what_goes(Pieces& pieces);
  Task<Status> write_rest(Pieces pieces);

  net::EventLoop& loop_;
  std::unique_ptr<net::Stream> stream_;
  const ServerLimits& limits_;
  net::Deadline deadline_;
  bool cut_ = false;
  bool write_cut_ = false;
  bool resets_ = false;
};

}  // namespace penstock::http
