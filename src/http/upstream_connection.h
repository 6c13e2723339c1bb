#pragma once

// UpstreamConnection: one connection to an upstream, for one UpstreamExchange at a time.
//
// The order of calls is send(), write() for the parts of a body that follow, receive_head(), then
// read_body() until the end. How a request is delimited is decided here, as on the client's side
// (http/server_exchange.h). Belongs to one thread; between exchanges it is idle in an UpstreamPool.
// A connection whose exchange did not end in order is destroyed, never reused.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "core/result.h"
#include "core/task.h"
#include "http/body_framing.h"
#include "http/chunked.h"
#include "http/field_block.h"
#include "http/head.h"
#include "http/parser.h"
#include "http/scratch.h"
#include "http/upstream_limit.h"
#include "http/write_all.h"
#include "net/event_loop.h"
#include "net/stream.h"

namespace penstock::http {

// A request without its body. Its parts must outlive the sending; the target is in origin-form, and
// the fields include Host.
struct RequestToSend {
  std::string_view method;
  std::string_view target;
  const FieldBlock& fields;
};

class UpstreamConnection {
 public:
  // An inference service's answer does not exceed these.
  static constexpr HeadLimits kHeadLimits{.bytes = 64 * 1024, .fields = 256};

  UpstreamConnection(net::EventLoop& loop, std::unique_ptr<net::Stream> stream,
                     ScratchPool& scratch, UpstreamLimit::Permit permit = {});
  // Resets the connection if it is inside an exchange: an orderly end would wait for bytes that the
  // upstream does not read.
  ~UpstreamConnection();
  UpstreamConnection(const UpstreamConnection&) = delete;
  UpstreamConnection& operator=(const UpstreamConnection&) = delete;

  // Whether the connection has served an earlier exchange.
  bool reused() const { return exchanges_ > 0; }

  // Sends a whole request, in one gathered write. Ends early, successfully, if the upstream sends a
  // final answer before it has read everything; an interim one (1xx) changes nothing. `until`
  // limits the whole call. `body` has at most kBodyPiecesMax pieces. Errors: kUpstreamReset
  // (kNothingSent if no byte of the request could be written), kUpstreamTimeout, kCancelled when
  // `cancel` is raised.
  static constexpr std::size_t kBodyPiecesMax = 5;
  Eventual<Status> send(const RequestToSend& request, const Pieces& body, SteadyTime until,
                        net::Signal& cancel);

  // The same for a body in parts: the head, and a first part with it. `length` is the body's,
  // nullopt if only its end will tell: throws std::logic_error if the parts do not add up to it.
  Eventual<Status> send(const RequestToSend& request, std::optional<std::uint64_t> length,
                        std::string_view part, Last last, SteadyTime until, net::Signal& cancel);
  // A further part. After a final answer the rest of the request is not needed: has_answer().
  Eventual<Status> write(std::string_view part, Last last, SteadyTime until, net::Signal& cancel);
  bool has_answer() const { return head_complete_; }

  // Waits for the answer's head; interim answers (1xx) are skipped. The head is valid until the
  // first read_body(). Errors: kUpstreamReset (kStaleConnection if a reused connection returned no
  // byte), kUpstreamTimeout, kUpstreamInvalidResponse, kCancelled.
  Task<Result<const ResponseHead*>> receive_head(SteadyTime until, net::Signal& cancel);

  struct BodyPart {
    std::string_view data;  // valid until the next call; empty: wait for readable(), or the end
    bool end = false;       // the body is complete with this part
  };
  // What is available of the body, with at most one read. Errors: kUpstreamReset if the body is
  // truncated, kUpstreamInvalidResponse if its framing is broken.
  Result<BodyPart> read_body();

  // Raised when read_body() may return more.
  net::Signal& readable() { return stream_->readable(); }

  // Whether read_body() can return something without a wait.
  bool has_buffered() const { return begin_ != end_ || body_ended_; }

  // Frees the memory of the head and of used body bytes, before a wait that may be long.
  void release_memory();

  // After the end of the body: whether another exchange may follow. False if the answer came before
  // the whole request was sent.
  bool reusable() const;
  // While it is idle: whether the upstream has closed it or sent something unsolicited.
  bool stale();

  // The connection is idle from now on, and usable until `idle_timeout` has passed, or until a
  // second before the limit in the upstream's `Keep-Alive: timeout=`.
  void rest(std::chrono::milliseconds idle_timeout);
  SteadyTime usable_until() const { return usable_until_; }
  SteadyTime opened() const { return opened_; }

 private:
  Pieces begin_request(const RequestToSend& request, const Framing& framing);
  Eventual<Status> write_all(Pieces pieces, Last last, SteadyTime until, net::Signal& cancel);
  std::optional<Status> write_what_goes(Pieces& pieces, Last last);
  Task<Status> write_rest(Pieces pieces, Last last, net::Signal& cancel);
  net::Transfer::Kind read_more();
  Status take_heads();
  Result<std::string_view> decode(std::size_t bytes);
  Error reset_before_head() const;

  net::EventLoop& loop_;
  const UpstreamLimit::Permit permit_;  // returned after the stream is closed
  const SteadyTime opened_;
  std::unique_ptr<net::Stream> stream_;
  ScratchPool& scratch_;
  net::Deadline deadline_;
  std::size_t exchanges_ = 0;
  SteadyTime usable_until_{};

  ScratchPool::Block block_;
  std::size_t begin_ = 0;  // received bytes of the block that are not used yet
  std::size_t end_ = 0;

  // The first and the last lines of the request's head, until the answer is waited for.
  std::optional<ScratchPool::Text> own_lines_;
  BodyFraming request_framing_;    // of a body in parts
  bool request_has_begun_ = true;  // a byte of it was written

  ResponseHead head_;
  bool head_complete_ = false;  // of a final answer
  std::size_t scanned_ = 0;     // received bytes without the head's end
  int interim_answers_ = 0;
  ChunkedDecoder decoder_{Direction::kResponse};
  std::uint64_t body_left_ = 0;  // of Framing::kLength
  bool request_sent_ = true;     // the whole of it
  bool body_ended_ = true;
  std::optional<std::chrono::milliseconds> stated_idle_timeout_;
};

}  // namespace penstock::http
