#pragma once

// RequestBody: takes the body of a client's request into memory, whole.
//
// A body that comes with its head, and has room behind it, stays where it is; another one gets
// memory of its own, which is counted (http/body_budget.h). Bounds: ServerLimits::body_bytes, the
// budget of all bodies, body_timeout between two reads, and body_bytes_per_second on average after
// the first body_timeout, so that a client that sends a byte now and then does not hold its place
// for ever.
//
// One for each connection, begun anew with each request.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "core/result.h"
#include "core/task.h"
#include "http/body_budget.h"
#include "http/body_memory.h"
#include "http/client_stream.h"
#include "http/head.h"
#include "http/input_buffer.h"

namespace penstock::http {

class RequestBody {
 public:
  RequestBody(ClientStream& stream, InputBuffer& input, ScratchPool& scratch,
              const ServerLimits& limits, BodyBudget& budget);

  // The head of a request has been received; what is unread is its body, or what follows.
  void begin(const RequestHead& head);

  // The whole body as one piece, valid until release() or begin(). Sends `100 Continue` where the
  // client waits for it. Errors: kBodyTooLarge, kRequestTimeout, kMalformedRequest, kOverloaded,
  // kClientGone.
  Eventual<Result<std::string_view>> read();

  // Puts another form of the body, which was read, in its place: valid as long as it was.
  std::string_view replace(BodyMemory body);

  // Nothing of it is still to come: it was read, there is none, or it can be passed over at once.
  bool is_done() const;
  // Passes over a body that arrived and that nobody has read, and gives back what is held.
  void finish();
  // Gives back the memory of a body that was read.
  void release();

  std::uint64_t bytes_received() const { return bytes_received_; }

 private:
  bool is_here() const;
  bool may_lie_here() const;
  std::string_view take_here();
  Task<Result<std::string_view>> receive();
  Task<Status> receive_length();
  Task<Status> receive_chunked();
  Task<Status> send_continue();
  // Reads once, within the time between two reads and the least rate.
  Task<Result<std::size_t>> read_some(std::span<char> into);
  Status append_chunk(std::string_view data);

  ClientStream& stream_;
  InputBuffer& input_;
  ScratchPool& scratch_;
  const ServerLimits& limits_;
  BodyBudget::Share held_;

  Framing framing_;
  bool expects_continue_ = false;
  bool is_read_ = false;
  std::string_view body_;
  std::unique_ptr<char[]> large_;
  BodyMemory grown_;  // of a body without a length, or another form of one
  SteadyTime began_{};
  std::uint64_t bytes_received_ = 0;
};

}  // namespace penstock::http
