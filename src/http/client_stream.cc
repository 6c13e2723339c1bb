#include "http/client_stream.h"

#include <algorithm>
#include <utility>

#include "net/wait.h"

namespace penstock::http {
namespace {

Error client_gone() {
  return Error::client(ErrorKind::kClientGone, "the client has gone");
}

}  // namespace

ClientStream::ClientStream(net::EventLoop& loop, std::unique_ptr<net::Stream> stream,
                           const ServerLimits& limits)
    : loop_(loop), stream_(std::move(stream)), limits_(limits), deadline_(loop) {}

void ClientStream::cut() {
  cut_ = true;
  stream_->closed().raise();
}

void ClientStream::reset_on_close() {
  resets_ = true;
  stream_->reset_on_close();
}

Task<Result<std::size_t>> ClientStream::read_some(std::span<char> into, Limit limit) {
  for (;;) {
    // The end of the stream is found by reading, after the bytes before it.
    const net::Woken woken =
        co_await net::wait_any(loop_, &deadline_, stream_->readable(), stream_->closed());
    if (woken.timed_out()) {
      co_return failure(
          Error::client(ErrorKind::kRequestTimeout, "the request took too long to arrive")
              .at_limit(limit));
    }
    if (cut_) co_return failure(client_gone());
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

Eventual<Status> ClientStream::write(Pieces pieces) {
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

net::Transfer::Kind ClientStream::write_what_goes(Pieces& pieces) {
  const net::Transfer::Kind kind = write_some(*stream_, pieces);
  if (kind != net::Transfer::Kind::kBytes && kind != net::Transfer::Kind::kWouldBlock) {
    write_cut_ = true;
    stream_->closed().raise();
  }
  return kind;
}

Task<Status> ClientStream::write_rest(Pieces pieces) {
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

Task<std::optional<Limit>> ClientStream::linger(ScratchPool& scratch) {
  if (resets_ || write_cut_ || cut_) co_return std::nullopt;
  stream_->end_writing();
  SteadyTime last = net::Deadline::kNever;
  if (limits_.discard_timeout.count() > 0) last = loop_.now() + limits_.discard_timeout;
  std::size_t left = limits_.discarded_bytes;
  while (left > 0) {
    deadline_.set_after(limits_.linger_timeout);
    const bool is_last = last < deadline_.time();
    if (is_last) deadline_.set(last);
    const net::Woken woken =
        co_await net::wait_any(loop_, &deadline_, stream_->readable(), stream_->closed());
    if (woken.timed_out()) co_return is_last ? std::optional(Limit::kDiscardTimeout) : std::nullopt;
    if (cut_) co_return std::nullopt;
    // Borrowed only now: most clients just close.
    const ScratchPool::Block block = scratch.block();
    const net::Transfer transfer = stream_->read({block.data(), std::min(left, block.size())});
    if (transfer.kind == net::Transfer::Kind::kBytes) {
      left -= transfer.bytes;
    } else if (transfer.kind != net::Transfer::Kind::kWouldBlock || stream_->closed().raised()) {
      co_return std::nullopt;
    }
  }
  co_return Limit::kDiscardedBytes;
}

}  // namespace penstock::http
