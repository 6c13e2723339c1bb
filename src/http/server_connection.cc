#include "http/server_connection.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "net/wait.h"

namespace penstock::http {
namespace {

using std::chrono::milliseconds;

// After an answer that came before the end of its request: how long and how much is read and
// thrown away, so that the answer is not lost to the reset that unread bytes would cause
// (RFC 9112 section 9.6).
constexpr milliseconds kLingerTime{2'000};
constexpr std::size_t kLingerBytesMax = 1024 * 1024;

// What stands for the body of a request without one: padding alone.
constexpr std::array<char, ServerConnection::kBodyPadding> kNoBody{};

// Assigning an empty string would keep the memory.
void free_memory(std::string& text) {
  std::string().swap(text);
}

Error client_gone() {
  return Error::client(ErrorKind::kClientGone, "the client has gone");
}

constexpr std::size_t kPageBytes = 4096;

// The first place from `front` on that is as far into a page as `offset` says.
//
// The kernel copies with `rep movsb`, which some processors (AMD's with FSRM) do seven times slower
// where a byte goes to a place that is 1 to 15 bytes further into its page than where it comes
// from. A request of a client on the same machine begins at the front of a page: a body that keeps
// the place that it has in there is copied at full speed.
char* first_at(char* front, std::size_t offset) {
  const auto place = reinterpret_cast<std::uintptr_t>(front);
  return front + (offset - place) % kPageBytes;
}

}  // namespace

ServerConnection::ServerConnection(net::EventLoop& loop, std::unique_ptr<net::Stream> stream,
                                   ScratchPool& scratch, const ServerLimits& limits,
                                   Handler& handler)
    : loop_(loop),
      stream_(std::move(stream)),
      scratch_(scratch),
      limits_(limits),
      handler_(handler),
      deadline_(loop) {}

Task<void> ServerConnection::serve() {
  for (;;) {
    // Named: see core/task.h on awaiting inside a condition.
    const Received received = co_await receive_head();
    if (received != Received::kRequest) co_return;
    co_await handler_.handle(*this);
    if (!answered_) co_return;
    if (!keep_alive()) {
      if (!body_read_ && head_.framing.kind != Framing::Kind::kNone) co_await linger();
      co_return;
    }
    finish_request();
  }
}

void ServerConnection::stop() {
  stopped_ = true;
  stream_->closed().raise();
}

void ServerConnection::drain() {
  draining_ = true;
  drained_.raise();
}

Task<ServerConnection::Received> ServerConnection::receive_head() {
  const bool arrived = co_await wait_for_first_byte();
  if (!arrived) co_return Received::kNothing;
  request_started_ = loop_.now();
  deadline_.set_after(limits_.header_timeout);
  std::size_t scanned = 0;
  for (;;) {
    if (begin_ != end_) {
      Result<Parsed> parsed = parse_request_head(unread(), scanned, limits_.head, head_);
      if (!parsed) {
        co_await refuse(std::move(parsed.error()));
        co_return Received::kNothing;
      }
      if (parsed->complete()) {
        begin_ += parsed->head_bytes;
        body_bytes_received_ = 0;
        first_request_ = false;
        co_return Received::kRequest;
      }
      scanned = end_ - begin_;
    }
    if (!make_room()) {
      co_await refuse(Error::client(ErrorKind::kHeadTooLarge, "the request's head is too large")
                          .at_limit(Limit::kHeaderBytes));
      co_return Received::kNothing;
    }
    std::span<char> room(block_.data() + end_, block_.size() - kBodyPadding - end_);
    Result<std::size_t> got = co_await read_some(room, Limit::kClientHeaderTimeout);
    if (!got) {
      if (got.error().kind == ErrorKind::kRequestTimeout && begin_ != end_) {
        co_await refuse(std::move(got.error()));
      }
      co_return Received::kNothing;
    }
    end_ += *got;
  }
}

Task<bool> ServerConnection::wait_for_first_byte() {
  if (begin_ != end_) co_return !stopped_;
  deadline_.set_after(first_request_ ? limits_.header_timeout : limits_.idle_timeout);
  for (;;) {
    block_.give_back();
    begin_ = end_ = 0;
    // A request that has arrived when the drain begins is still served.
    const net::Woken woken =
        co_await net::wait_any(loop_, &deadline_, stream_->readable(), stream_->closed(), drained_);
    if (woken.timed_out()) handler_.idle_timed_out();
    if (!woken.by(stream_->readable()) || stopped_) co_return false;
    // The signal may be about nothing that counts, and the connection is then still idle.
    block_ = scratch_.block();
    const net::Transfer transfer = stream_->read({block_.data(), block_.size() - kBodyPadding});
    if (transfer.kind == net::Transfer::Kind::kBytes) {
      end_ = transfer.bytes;
      co_return true;
    }
    if (transfer.kind != net::Transfer::Kind::kWouldBlock) co_return false;
  }
}

// Makes the block ready for more bytes of a head: a block at all, the bytes at its front, or a
// larger one. False where the head has reached the limit.
bool ServerConnection::make_room() {
  if (!block_) block_ = scratch_.block();
  if (end_ < block_.size() - kBodyPadding) return true;
  const std::size_t kept = end_ - begin_;
  if (begin_ > 0) {
    std::memmove(block_.data(), block_.data() + begin_, kept);
  } else {
    if (kept >= limits_.head.bytes) return false;
    ScratchPool::Block larger = scratch_.large_block(limits_.head.bytes + kBodyPadding + 2);
    std::memcpy(larger.data(), block_.data(), kept);
    block_ = std::move(larger);
  }
  begin_ = 0;
  end_ = kept;
  return end_ < block_.size() - kBodyPadding;
}

Task<Result<std::size_t>> ServerConnection::read_some(std::span<char> into, Limit limit) {
  for (;;) {
    // The end of the stream is found by reading, after the bytes that came before it.
    const net::Woken woken =
        co_await net::wait_any(loop_, &deadline_, stream_->readable(), stream_->closed());
    if (woken.timed_out()) {
      co_return failure(
          Error::client(ErrorKind::kRequestTimeout, "the request took too long to arrive")
              .at_limit(limit));
    }
    if (stopped_) co_return failure(client_gone());
    const net::Transfer transfer = stream_->read(into);
    switch (transfer.kind) {
      case net::Transfer::Kind::kBytes:
        co_return transfer.bytes;
      case net::Transfer::Kind::kEnd:
      case net::Transfer::Kind::kFailed:
        stream_->closed().raise();
        co_return failure(client_gone());
      case net::Transfer::Kind::kWouldBlock:
        if (stream_->closed().raised()) co_return failure(client_gone());
        break;
    }
  }
}

Eventual<Result<std::string_view>> ServerConnection::read_body() {
  if (body_read_) return body_;
  if (body_is_here() && may_lie_here(head_.framing.length)) return take_body_here();
  return receive_body();
}

// Whether a body can lie in the block, behind its head, with its padding.
bool ServerConnection::may_lie_here(std::uint64_t length) const {
  return length <= limits_.body_bytes && begin_ + length + kBodyPadding <= block_.size();
}

// The body that came with its head.
std::string_view ServerConnection::take_body_here() {
  const auto length = static_cast<std::size_t>(head_.framing.length);
  body_ = {block_.data() + begin_, length};
  begin_ += length;
  body_bytes_received_ += length;
  body_read_ = true;
  return body_;
}

Task<Result<std::string_view>> ServerConnection::receive_body() {
  Status read;
  switch (head_.framing.kind) {
    case Framing::Kind::kLength:
      if (head_.framing.length > limits_.body_bytes) {
        co_return failure(Error::client(ErrorKind::kBodyTooLarge, "the request's body is too large")
                              .at_limit(Limit::kBodyBytes));
      }
      read = co_await read_length_body(static_cast<std::size_t>(head_.framing.length));
      break;
    case Framing::Kind::kChunked:
      read = co_await read_chunked_body();
      break;
    default:
      body_ = {kNoBody.data(), 0};
      break;
  }
  if (!read) co_return failure(std::move(read.error()));
  body_read_ = true;
  co_return body_;
}

Task<Status> ServerConnection::send_continue() {
  if (!head_.expects_continue || begin_ != end_) co_return Status{};
  head_.expects_continue = false;
  Pieces pieces;
  pieces.add("HTTP/1.1 100 Continue\r\n\r\n");
  co_return co_await write(pieces);
}

Task<Status> ServerConnection::read_length_body(std::size_t length) {
  Status continued = co_await send_continue();
  if (!continued) co_return failure(std::move(continued.error()));
  char* storage = block_.data() + begin_;
  const std::size_t here = std::min(length, end_ - begin_);
  std::size_t have = here;
  if (!may_lie_here(length)) {
    large_body_ = std::make_unique_for_overwrite<char[]>(length + kBodyPadding + kPageBytes);
    storage = first_at(large_body_.get(), begin_);
    std::memcpy(storage, block_.data() + begin_, have);
  }
  while (have < length) {
    deadline_.set_after(limits_.body_timeout);
    std::span<char> room(storage + have, length - have);
    Result<std::size_t> got = co_await read_some(room, Limit::kClientBodyTimeout);
    if (!got) co_return failure(std::move(got.error()));
    have += *got;
    if (!large_body_) end_ += *got;
  }
  begin_ += large_body_ ? here : length;
  body_bytes_received_ += length;
  body_ = {storage, length};
  co_return Status{};
}

Task<Status> ServerConnection::read_chunked_body() {
  Status continued = co_await send_continue();
  if (!continued) co_return failure(std::move(continued.error()));
  ChunkedDecoder decoder(Direction::kRequest);
  // The head's views stay valid: coded bytes are read into a block of their own. What follows the
  // body in it belongs to the next request and goes back behind the head.
  ScratchPool::Block coded = scratch_.block();
  std::string_view input = unread();
  for (;;) {
    while (!input.empty() && !decoder.done()) {
      Result<ChunkedDecoder::Step> step = decoder.step(input);
      if (!step) co_return failure(std::move(step.error()));
      input.remove_prefix(step->consumed);
      body_bytes_received_ += step->consumed;
      if (chunked_body_.size() + step->data.size() > limits_.body_bytes) {
        co_return failure(Error::client(ErrorKind::kBodyTooLarge, "the request's body is too large")
                              .at_limit(Limit::kBodyBytes));
      }
      chunked_body_.append(step->data);
    }
    if (decoder.done()) break;
    deadline_.set_after(limits_.body_timeout);
    std::span<char> room(coded.data(), coded.size());
    Result<std::size_t> got = co_await read_some(room, Limit::kClientBodyTimeout);
    if (!got) co_return failure(std::move(got.error()));
    input = {coded.data(), *got};
  }
  const bool from_block = input.data() >= block_.data() && input.data() <= block_.data() + end_;
  if (from_block) {
    begin_ = end_ - input.size();
  } else {
    leftover_.assign(input);
    begin_ = end_;
  }
  const std::size_t size = chunked_body_.size();
  chunked_body_.append(kBodyPadding, '\0');
  body_ = std::string_view(chunked_body_).substr(0, size);
  co_return Status{};
}

void ServerConnection::release_request() {
  RequestHead kept;
  kept.version = head_.version;
  kept.framing = head_.framing;
  kept.keep_alive = head_.keep_alive;
  head_ = std::move(kept);
  body_ = {};
  large_body_.reset();
  free_memory(chunked_body_);
  if (begin_ == end_) {
    block_.give_back();
    begin_ = end_ = 0;
  }
}

Eventual<Status> ServerConnection::write(Pieces pieces) {
  if (write_cut_) return failure(client_gone());
  switch (write_what_goes(pieces)) {
    case net::Transfer::Kind::kBytes:
      return Status{};
    case net::Transfer::Kind::kWouldBlock:
      return write_rest(pieces);
    default:
      return failure(client_gone());
  }
}

net::Transfer::Kind ServerConnection::write_what_goes(Pieces& pieces) {
  const std::size_t before = pieces.bytes();
  const net::Transfer::Kind kind = write_some(*stream_, pieces);
  bytes_sent_ += before - pieces.bytes();
  if (kind != net::Transfer::Kind::kBytes && kind != net::Transfer::Kind::kWouldBlock) {
    write_cut_ = true;
    stream_->closed().raise();
  }
  return kind;
}

Task<Status> ServerConnection::write_rest(Pieces pieces) {
  for (;;) {
    deadline_.set_after(limits_.write_timeout);
    const net::Woken woken =
        co_await net::wait_any(loop_, &deadline_, stream_->writable(), stream_->closed());
    write_cut_ = !woken.by(stream_->writable());
    if (woken.by(stream_->closed())) co_return failure(client_gone());
    if (woken.timed_out()) {
      co_return failure(Error::client(ErrorKind::kRequestTimeout, "the client reads too slowly")
                            .at_limit(Limit::kClientWriteTimeout));
    }
    const net::Transfer::Kind kind = write_what_goes(pieces);
    if (kind == net::Transfer::Kind::kBytes) co_return Status{};
    if (kind != net::Transfer::Kind::kWouldBlock) co_return failure(client_gone());
  }
}

// Whether an unread body has arrived with its head, so that it can be skipped without reading.
bool ServerConnection::body_is_here() const {
  return head_.framing.kind == Framing::Kind::kLength && head_.framing.length <= end_ - begin_;
}

bool ServerConnection::keep_alive() const {
  const bool body_done = body_read_ || head_.framing.kind == Framing::Kind::kNone || body_is_here();
  return head_.keep_alive && body_done && !draining_ && !stopped_;
}

void ServerConnection::finish_request() {
  if (!body_read_ && head_.framing.kind == Framing::Kind::kLength) {
    begin_ += static_cast<std::size_t>(head_.framing.length);
  }
  if (!leftover_.empty()) {
    // Bytes of the next request that came with a chunked body: to the front of the block.
    if (!block_) block_ = scratch_.block();
    std::memcpy(block_.data(), leftover_.data(), leftover_.size());
    begin_ = 0;
    end_ = leftover_.size();
    free_memory(leftover_);
  }
  body_ = {};
  large_body_.reset();
  free_memory(chunked_body_);
  body_read_ = false;
  answered_ = false;
  body_bytes_received_ = 0;
  bytes_sent_ = 0;
}

Task<void> ServerConnection::refuse(Error error) {
  const std::string answer = handler_.refuse(error);
  if (answer.empty()) co_return;
  Pieces pieces;
  pieces.add(answer);
  const Status written = co_await write(pieces);
  if (written) co_await linger();
}

Task<void> ServerConnection::linger() {
  stream_->end_writing();
  ScratchPool::Block discarded = scratch_.block();
  std::size_t left = kLingerBytesMax;
  deadline_.set_after(kLingerTime);
  while (left > 0) {
    std::span<char> room(discarded.data(), std::min(left, discarded.size()));
    const Result<std::size_t> got = co_await read_some(room, Limit::kClientBodyTimeout);
    if (!got) co_return;
    left -= *got;
  }
}

}  // namespace penstock::http
