#pragma once

// RequestBody: reads the body of a client's request, whole into memory or in parts.
//
// A body that fits into the block after its head stays there; any other gets separate memory, which
// is counted (http/body_budget.h). Bounds: ServerLimits::body_bytes, the budget of all bodies,
// body_timeout between two reads, and body_bytes_per_second on average after the first
// body_timeout, so that a client that trickles bytes does not keep its place forever.
//
// One per connection, restarted with each request.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/result.h"
#include "core/task.h"
#include "http/body_budget.h"
#include "http/body_memory.h"
#include "http/chunked.h"
#include "http/client_stream.h"
#include "http/head.h"
#include "http/input_buffer.h"

namespace penstock::http {

class RequestBody {
 public:
  RequestBody(ClientStream& stream, InputBuffer& input, ScratchPool& scratch,
              const ServerLimits& limits, BodyBudget& budget);

  // The head of a request has been received; the unread bytes are its body, or what follows.
  void begin(const RequestHead& head);

  // The whole body as one piece, valid until release() or begin(). Sends `100 Continue` if the
  // client waits for it. Errors: kBodyTooLarge, kRequestTimeout, kMalformedRequest, kOverloaded,
  // kClientGone.
  Eventual<Result<std::string_view>> read();

  // What comes next of the body, instead of read(): at least a byte of it, unless it ends. Nothing
  // is read from the client before it is asked for. The bounds and errors are those of read().
  struct Part {
    std::string_view data;  // at most `bytes_max` bytes, which is not 0; valid until the next call
    bool end = false;       // the body is complete with this part
  };
  Task<Result<Part>> read_part(std::size_t bytes_max);

  // Replaces the body that was read by another form of it; valid as long.
  std::string_view replace(BodyMemory body);

  // No byte of it is outstanding: it was read, there is none, or it can be skipped at once.
  bool is_done() const;
  // Skips a body that has arrived and was not read, and frees its memory.
  void finish();
  // Frees the memory of a body that was read.
  void release();

  std::uint64_t bytes_received() const { return bytes_received_; }

 private:
  bool is_here() const;
  bool may_lie_here() const;
  std::string_view take_here();
  Task<Result<std::string_view>> receive();
  Task<Status> receive_length();
  Task<Status> receive_chunked();
  Task<Result<Part>> read_part_of_length(std::size_t bytes_max);
  Task<Result<Part>> read_part_of_chunks(std::size_t bytes_max);
  void keep_what_follows();
  Task<Status> send_continue();
  // Reads once, within the time between two reads and the minimum rate.
  Task<Result<std::size_t>> read_some(std::span<char> into);
  Status append_chunk(std::string_view data);

  ClientStream& stream_;
  InputBuffer& input_;
  ScratchPool& scratch_;
  const ServerLimits& limits_;
  BodyBudget::Share held_;

  Framing framing_;
  std::uint64_t left_ = 0;  // of its length, or of what its chunks may add up to
  ChunkedDecoder decoder_{Direction::kRequest};
  ScratchPool::Block block_;  // what was read last: the head's views stay valid
  std::string_view coded_;    // of the block: chunks that are not decoded yet
  bool has_begun_ = false;
  bool expects_continue_ = false;
  bool is_read_ = false;
  std::string_view body_;
  std::unique_ptr<char[]> large_;
  BodyMemory grown_;  // of a body without a length, or another form of a body
  SteadyTime began_{};
  std::uint64_t bytes_received_ = 0;
};

}  // namespace penstock::http
