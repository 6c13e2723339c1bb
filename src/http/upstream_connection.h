#pragma once

// UpstreamConnection: one connection to an upstream, for one exchange at a time.
//
// The order of calls is send(), receive_head(), then read_body() until it tells the end. Belongs
// to one thread; between exchanges it rests in an UpstreamPool. A connection whose exchange did
// not end in order is destroyed, never reused.

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "core/result.h"
#include "core/task.h"
#include "http/chunked.h"
#include "http/head.h"
#include "http/parser.h"
#include "http/scratch.h"
#include "http/upstream_limit.h"
#include "http/write_all.h"
#include "net/event_loop.h"
#include "net/stream.h"

namespace penstock::http {

class UpstreamConnection {
 public:
  // More than this is no answer of an inference service.
  static constexpr HeadLimits kHeadLimits{.bytes = 64 * 1024, .fields = 256};

  UpstreamConnection(net::EventLoop& loop, std::unique_ptr<net::Stream> stream,
                     ScratchPool& scratch, UpstreamLimit::Permit permit = {});
  // Inside an exchange, a reset: an orderly end would wait behind bytes that the upstream does not
  // read.
  ~UpstreamConnection();
  UpstreamConnection(const UpstreamConnection&) = delete;
  UpstreamConnection& operator=(const UpstreamConnection&) = delete;

  // Whether an earlier exchange has used the connection.
  bool reused() const { return exchanges_ > 0; }

  // Sends a whole request. Ends early, successfully, when the upstream gives a final answer before
  // it has read everything: the answer is then what counts. An interim one (1xx) changes nothing.
  // `until` limits the whole of it. Errors: kUpstreamReset (kNothingSent where no byte could be
  // written), kUpstreamTimeout, kCancelled when `cancel` is raised.
  Eventual<Status> send(Pieces pieces, SteadyTime until, net::Signal& cancel);

  // Waits for the answer's head; interim answers (1xx) are skipped. The head is valid until the
  // first read_body(). Errors: kUpstreamReset (kStaleConnection where a reused connection gave no
  // byte), kUpstreamTimeout, kUpstreamInvalidResponse, kCancelled.
  Task<Result<const ResponseHead*>> receive_head(SteadyTime until, net::Signal& cancel);

  struct BodyPart {
    std::string_view data;  // valid until the next call; empty: wait for readable(), or the end
    bool end = false;       // the body is complete with this part
  };
  // What can be had of the body now, by at most one read. Errors: kUpstreamReset where the body is
  // cut short, kUpstreamInvalidResponse where its framing is broken.
  Result<BodyPart> read_body();

  // Raised when read_body() may have more to give.
  net::Signal& readable() { return stream_->readable(); }

  // Whether read_body() has something to give without a wait.
  bool has_buffered() const { return begin_ != end_ || body_ended_; }

  // Gives back the memory of the head and of body bytes that were used: before a wait that may be
  // long.
  void release_memory();

  // After the end of the body: whether another exchange may follow. Not where the answer came
  // before the whole request was sent.
  bool reusable() const;
  // While it rests: whether the upstream has closed it or sent something unasked.
  bool stale();

  // The connection rests from now on, and is of use until `idle_timeout` has passed, or a second
  // before the upstream's own limit where its `Keep-Alive: timeout=` names one.
  void rest(std::chrono::milliseconds idle_timeout);
  SteadyTime usable_until() const { return usable_until_; }
  SteadyTime opened() const { return opened_; }

 private:
  std::optional<Status> send_what_goes(Pieces& pieces, std::size_t all);
  Task<Status> send_rest(Pieces pieces, std::size_t all, net::Signal& cancel);
  net::Transfer::Kind read_more();
  Status take_heads();
  Result<std::string_view> decode(std::size_t bytes);
  Error reset_before_head() const;

  net::EventLoop& loop_;
  const UpstreamLimit::Permit permit_;  // given back after the stream is closed
  const SteadyTime opened_;
  std::unique_ptr<net::Stream> stream_;
  ScratchPool& scratch_;
  net::Deadline deadline_;
  std::size_t exchanges_ = 0;
  SteadyTime usable_until_{};

  ScratchPool::Block block_;
  std::size_t begin_ = 0;  // received bytes of the block that are not used yet
  std::size_t end_ = 0;

  ResponseHead head_;
  bool head_complete_ = false;  // of a final answer
  std::size_t scanned_ = 0;     // received bytes in which the head's end is not
  int interim_answers_ = 0;
  ChunkedDecoder decoder_{Direction::kResponse};
  std::uint64_t body_left_ = 0;  // of Framing::kLength
  bool request_sent_ = true;     // the whole of it
  bool body_ended_ = true;
  std::optional<std::chrono::milliseconds> stated_idle_timeout_;
};

}  // namespace penstock::http
