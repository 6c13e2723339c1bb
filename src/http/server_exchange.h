#pragma once

// ServerExchange: one request of a client, and the one way to answer it.
//
// The handler reads what it needs of the request, then calls respond() once, and write() for the
// parts of a body that follow. How a message is delimited is decided here: length or chunks,
// keep-alive or close, HTTP/1.0 or 1.1, an answer to HEAD, the date, 100 Continue. An answer ends
// with the part that is the last one. One that has not ended when the handler returns is cut off,
// so that no client takes it for whole.
//
// A client that shuts its side, or whose connection breaks, is gone: gone() is raised, and every
// wait of the handler must include it. Belongs to the connection, which uses it again for its next
// request, and to the connection's thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"
#include "core/task.h"
#include "http/body_budget.h"
#include "http/body_framing.h"
#include "http/body_memory.h"
#include "http/client_stream.h"
#include "http/clients.h"
#include "http/field_block.h"
#include "http/handler.h"
#include "http/head.h"
#include "http/input_buffer.h"
#include "http/request_body.h"
#include "http/scratch.h"
#include "http/serializer.h"
#include "http/server_limits.h"
#include "http/trusted_peers.h"
#include "net/event_loop.h"

namespace penstock::http {

// What the connections of one thread share. All of it outlives them.
struct ServerContext {
  net::EventLoop& loop;
  ScratchPool& scratch;
  const ServerLimits& limits;
  BodyBudget& bodies;
  Handler& handler;
  const TrustedPeers* trusted = nullptr;  // null: nobody. May change between two requests
};

class ServerExchange {
 public:
  // Everything outlives the exchange; `client` may be null.
  ServerExchange(const ServerContext& context, ClientStream& stream, InputBuffer& input,
                 Client* client);
  ServerExchange(const ServerExchange&) = delete;
  ServerExchange& operator=(const ServerExchange&) = delete;

  // --- The request ---

  // Valid until release_request() or the handler's return, whichever is first.
  const RequestHead& request() const { return head_; }

  // Reads the whole body and returns it as one piece, valid as long as request(). Errors:
  // kBodyTooLarge, kRequestTimeout, kMalformedRequest, kOverloaded, kClientGone.
  Eventual<Result<std::string_view>> read_body() { return body_.read(); }

  // The same body in parts, for a handler that passes them on: see RequestBody::read_part(). Either
  // this or read_body().
  Task<Result<RequestBody::Part>> read_body_part(std::size_t bytes_max) {
    return body_.read_part(bytes_max);
  }

  // Replaces the body that was read by another form of it; valid as long.
  std::string_view replace_body(BodyMemory body) { return body_.replace(std::move(body)); }

  // Frees the memory of head and body, before an answer that may take long.
  void release_request();

  // The client has shown a key that is valid for its request. False if the server is at its limit
  // of connections and this one has a reserved place: only operations are served.
  bool admit() { return client_ == nullptr || client_->admit(); }
  // The client has shown no valid key: it may not stay for long.
  void refuse_key() { key_refused_ = true; }

  // Raised when the client has gone, or when the server stops: stopped() tells.
  net::Signal& gone() { return stream_.gone(); }
  bool stopped() const { return stopped_; }

  // --- The answer ---

  using Last = http::Last;

  // Each returns when the client's connection has taken everything. Errors: kClientGone,
  // kRequestTimeout; nothing more can be written then. The bytes of a body remain the caller's and
  // must not change until then.

  // A whole answer. `body` has at most kBodyPiecesMax pieces.
  static constexpr std::size_t kBodyPiecesMax = 4;
  Eventual<Status> respond(int status, FieldBlock&& fields, const Pieces& body);
  // The head, and a part of the body with it; an empty part sends the head alone. `length` is the
  // body's, nullopt if only its end will tell: throws std::logic_error if the parts do not add up
  // to it.
  Eventual<Status> respond(int status, FieldBlock&& fields, std::optional<std::uint64_t> length,
                           std::string_view part, Last last);
  // A further part of the body.
  Eventual<Status> write(std::string_view part, Last last);

  // False if the answer to this request has no body in any case (HEAD): it need not be made.
  bool wants_body() const { return !is_head_; }
  // The connection takes no further request after this one.
  void end_after_this() { head_.keep_alive = false; }

  bool has_responded() const { return has_responded_; }
  // Of the body, without its framing; a write that failed does not count.
  std::uint64_t body_bytes_sent() const { return body_bytes_sent_; }

  // --- For answers that are written as HTTP/1 text by the handler itself ---
  //
  // The simulated upstream does so, which also breaks the rules. Nothing else should.

  Eventual<Status> write_raw(const Pieces& pieces) { return stream_.write(pieces); }
  // The answer is complete and its framing sound: the connection may take the next request.
  void raw_ended() { ended_ = true; }
  // Whether the connection may continue: if not, the head must say so.
  bool keep_alive() const;
  // Makes the connection end with a reset.
  void reset_on_close() { stream_.reset_on_close(); }

  // --- What the handler may use ---

  net::EventLoop& loop() { return context_.loop; }
  ScratchPool& scratch() { return context_.scratch; }
  // For other forms of the request that the handler holds: they count as well.
  BodyBudget& bodies() { return context_.bodies; }
  // For the handler's own waits; the connection does not use it while the handler runs.
  net::Deadline& deadline() { return stream_.deadline(); }
  // Where the request comes from: the connection's peer, or who a trusted one says.
  const net::SocketAddress& peer() const { return is_told_ ? told_peer_ : stream_.peer(); }
  SteadyTime request_started() const { return request_started_; }
  std::uint64_t body_bytes_received() const { return body_.bytes_received(); }

 private:
  friend class ServerConnection;

  // The head has been received.
  void begin();
  bool may_go_on() const { return ended_ && keep_alive(); }
  void cut_off_unless_ended();

  Pieces begin_head(int status, FieldBlock&& fields, std::optional<std::uint64_t> length);
  Framing choose_framing(std::optional<std::uint64_t> length);
  void append_connection(std::string& out, const Framing& framing) const;
  Eventual<Status> send_part(Pieces pieces, std::string_view part, Last last);
  Eventual<Status> send(const Pieces& pieces, std::size_t body_bytes, Last last);
  Task<Status> send_rest(Eventual<Status> writing, std::size_t body_bytes, Last last);
  Status sent(Status written, std::size_t body_bytes, Last last);

  const ServerContext& context_;
  ClientStream& stream_;
  InputBuffer& input_;
  Client* const client_;
  RequestHead head_;
  RequestBody body_;
  SteadyTime request_started_{};

  // Of the connection: they outlast a request.
  bool key_refused_ = false;
  bool draining_ = false;
  bool stopped_ = false;
  bool is_told_ = false;  // of the request: a trusted peer has told where it comes from
  net::SocketAddress told_peer_;

  // Of the answer.
  bool is_head_ = false;  // the request's method is HEAD
  bool has_responded_ = false;
  bool carries_body_ = false;  // neither the request nor the status forbids one
  bool ended_ = false;
  BodyFraming framing_;
  std::uint64_t body_bytes_sent_ = 0;
  StatusLine status_line_;
  FieldBlock fields_;  // until they are sent
};

}  // namespace penstock::http
