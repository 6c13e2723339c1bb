#include "http/request_body.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

namespace penstock::http {
namespace {

constexpr std::size_t kPageBytes = 4096;

// The first address from `front` on with the same offset in its page as `offset`.
//
// The kernel copies with `rep movsb`, which is seven times slower on some processors (AMD's with
// FSRM) if the destination's offset in its page is 1 to 15 bytes larger than the source's. A
// request of a client on the same machine begins at the start of a page: a body that keeps its
// offset is copied at full speed.
char* first_at(char* front, std::size_t offset) {
  const auto place = reinterpret_cast<std::uintptr_t>(front);
  return front + (offset - place) % kPageBytes;
}

}  // namespace

RequestBody::RequestBody(ClientStream& stream, InputBuffer& input, ScratchPool& scratch,
                         const ServerLimits& limits, BodyBudget& budget)
    : stream_(stream),
      input_(input),
      scratch_(scratch),
      limits_(limits),
      held_(budget),
      grown_(budget) {}

void RequestBody::begin(const RequestHead& head) {
  framing_ = head.framing;
  expects_continue_ = head.expects_continue;
  left_ = framing_.kind == Framing::Kind::kLength ? framing_.length : limits_.body_bytes;
  decoder_ = ChunkedDecoder(Direction::kRequest);
  coded_ = {};
  has_begun_ = false;
  is_read_ = false;
  bytes_received_ = 0;
}

Eventual<Result<std::string_view>> RequestBody::read() {
  if (is_read_) return body_;
  if (is_here() && may_lie_here()) return take_here();
  return receive();
}

bool RequestBody::is_done() const {
  return is_read_ || framing_.kind == Framing::Kind::kNone || is_here();
}

void RequestBody::finish() {
  if (!is_read_ && framing_.kind == Framing::Kind::kLength) {
    input_.consume(static_cast<std::size_t>(left_));
  }
  release();
}

void RequestBody::release() {
  body_ = {};
  if (coded_.empty()) block_.give_back();
  large_.reset();
  held_.give_back();
  grown_.release();
}

std::string_view RequestBody::replace(BodyMemory body) {
  release();
  grown_ = std::move(body);
  body_ = grown_.view();
  return body_;
}

// Whether the whole body is in the buffer, so that it can be skipped without reading.
bool RequestBody::is_here() const {
  return framing_.kind == Framing::Kind::kLength && left_ <= input_.size();
}

bool RequestBody::may_lie_here() const {
  return framing_.length <= limits_.body_bytes && input_.has_place_for(framing_.length);
}

std::string_view RequestBody::take_here() {
  const auto length = static_cast<std::size_t>(framing_.length);
  body_ = input_.unread().substr(0, length);
  input_.consume(length);
  bytes_received_ += length;
  is_read_ = true;
  return body_;
}

Task<Result<std::string_view>> RequestBody::receive() {
  began_ = stream_.loop().now();
  Status received;
  switch (framing_.kind) {
    case Framing::Kind::kLength:
      if (framing_.length > limits_.body_bytes) co_return failure(body_too_large());
      received = co_await receive_length();
      break;
    case Framing::Kind::kChunked:
      received = co_await receive_chunked();
      break;
    default:
      body_ = {};
      break;
  }
  if (!received) {
    // The partial body is useless, and the connection may still have to receive the rest.
    release();
    co_return failure(std::move(received.error()));
  }
  is_read_ = true;
  co_return body_;
}

Task<Status> RequestBody::send_continue() {
  if (!expects_continue_ || !input_.empty()) co_return Status{};
  expects_continue_ = false;
  Pieces pieces;
  pieces.add("HTTP/1.1 100 Continue\r\n\r\n");
  co_return co_await stream_.write(pieces);
}

Task<Result<std::size_t>> RequestBody::read_some(std::span<char> into) {
  stream_.deadline().set_after(limits_.body_timeout);
  Limit limit = Limit::kClientBodyTimeout;
  if (limits_.body_bytes_per_second > 0) {
    // The time by which the bytes so far are too few.
    const std::chrono::milliseconds paid_for(bytes_received_ * 1000 /
                                             limits_.body_bytes_per_second);
    const SteadyTime too_slow = began_ + limits_.body_timeout + paid_for;
    if (too_slow < stream_.deadline().time()) {
      stream_.deadline().set(too_slow);
      limit = Limit::kClientBodyRate;
    }
  }
  Result<std::size_t> got = co_await stream_.read_some(into, limit);
  if (got) bytes_received_ += *got;
  co_return got;
}

Task<Status> RequestBody::receive_length() {
  Status continued = co_await send_continue();
  if (!continued) co_return failure(std::move(continued.error()));
  const auto length = static_cast<std::size_t>(framing_.length);
  const std::string_view here = input_.unread().substr(0, length);
  bytes_received_ = here.size();
  std::size_t have = here.size();
  if (may_lie_here()) {
    while (have < length) {
      std::span<char> room = input_.room().first(length - have);
      Result<std::size_t> got = co_await read_some(room);
      if (!got) co_return failure(std::move(got.error()));
      input_.received(*got);
      have += *got;
    }
    body_ = input_.unread().substr(0, length);
    input_.consume(length);
    co_return Status{};
  }
  if (!held_.take(have)) co_return failure(no_memory_for_bodies());
  large_ = std::make_unique_for_overwrite<char[]>(length + kPageBytes);
  char* const storage = first_at(large_.get(), input_.offset());
  std::memcpy(storage, here.data(), have);
  input_.consume(have);
  while (have < length) {
    std::span<char> room(storage + have, length - have);
    Result<std::size_t> got = co_await read_some(room);
    if (!got) co_return failure(std::move(got.error()));
    if (!held_.take(*got)) co_return failure(no_memory_for_bodies());
    have += *got;
  }
  body_ = {storage, length};
  co_return Status{};
}

Task<Status> RequestBody::receive_chunked() {
  Status continued = co_await send_continue();
  if (!continued) co_return failure(std::move(continued.error()));
  for (;;) {
    Result<Part> part = co_await read_part_of_chunks(std::numeric_limits<std::size_t>::max());
    if (!part) co_return failure(std::move(part.error()));
    Status appended = append_chunk(part->data);
    if (!appended) co_return failure(std::move(appended.error()));
    if (part->end) break;
  }
  block_.give_back();
  body_ = grown_.view();
  co_return Status{};
}

Task<Result<RequestBody::Part>> RequestBody::read_part(std::size_t bytes_max) {
  if (is_read_) co_return Part{{}, true};
  if (!has_begun_) {
    has_begun_ = true;
    began_ = stream_.loop().now();
    if (left_ > limits_.body_bytes) co_return failure(body_too_large());
    Status continued = co_await send_continue();
    if (!continued) co_return failure(std::move(continued.error()));
  }
  Result<Part> part = Part{};
  switch (framing_.kind) {
    case Framing::Kind::kLength:
      part = co_await read_part_of_length(bytes_max);
      break;
    case Framing::Kind::kChunked:
      part = co_await read_part_of_chunks(bytes_max);
      break;
    default:
      part->end = true;
      break;
  }
  if (part && part->end) is_read_ = true;
  co_return part;
}

Task<Result<RequestBody::Part>> RequestBody::read_part_of_length(std::size_t bytes_max) {
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes_max));
  std::string_view data = input_.unread().substr(0, wanted);
  input_.consume(data.size());
  bytes_received_ += data.size();
  if (data.empty() && wanted > 0) {
    if (!block_) block_ = scratch_.block();
    std::span<char> room(block_.data(), std::min(block_.size(), wanted));
    Result<std::size_t> got = co_await read_some(room);
    if (!got) co_return failure(std::move(got.error()));
    data = {block_.data(), *got};
  }
  left_ -= data.size();
  co_return Part{data, left_ == 0};
}

// Coded bytes are in the buffer after the head first, then in the block.
Task<Result<RequestBody::Part>> RequestBody::read_part_of_chunks(std::size_t bytes_max) {
  for (;;) {
    const bool after_head = !input_.empty();
    const std::string_view coded = after_head ? input_.unread() : coded_;
    if (coded.empty()) {
      if (!block_) block_ = scratch_.block();
      std::span<char> room(block_.data(), block_.size());
      Result<std::size_t> got = co_await read_some(room);
      if (!got) co_return failure(std::move(got.error()));
      coded_ = {block_.data(), *got};
      continue;
    }
    Result<ChunkedDecoder::Step> step = decoder_.step(coded.substr(0, bytes_max));
    if (!step) co_return failure(std::move(step.error()));
    if (after_head) {
      input_.consume(step->consumed);
      bytes_received_ += step->consumed;
    } else {
      coded_.remove_prefix(step->consumed);
    }
    if (step->data.size() > left_) co_return failure(body_too_large());
    left_ -= step->data.size();
    if (decoder_.done()) keep_what_follows();
    if (decoder_.done() || !step->data.empty()) co_return Part{step->data, decoder_.done()};
  }
}

// What follows the body belongs to the next request. In the buffer it stays where it is.
void RequestBody::keep_what_follows() {
  if (coded_.empty()) return;
  bytes_received_ -= coded_.size();
  input_.keep_for_next(coded_);
  coded_ = {};
}
Status RequestBody::append_chunk(std::string_view data) {
  if (data.empty()) return {};
  if (!grown_.make_room(data.size())) return failure(no_memory_for_bodies());
  std::memcpy(grown_.room().data(), data.data(), data.size());
  grown_.add(data.size());
  return {};
}

}  // namespace penstock::http
