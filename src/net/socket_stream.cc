#include "net/socket_stream.h"

#include <array>
#include <cerrno>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "net/gather.h"

namespace penstock::net {
namespace {

// Up to this size, copying the pieces together is cheaper than letting the kernel read and check an
// iovec for each: a short head with its body, an event with the frame of its chunk.
constexpr std::size_t kGatheredBytesMax = 4096;

ssize_t send_pieces(int descriptor, std::span<const iovec> pieces) {
  std::size_t bytes = 0;
  for (const iovec& piece : pieces) bytes += piece.iov_len;
  if (pieces.size() > 1 && bytes <= kGatheredBytesMax) {
    std::array<char, kGatheredBytesMax> gathered;
    return send(descriptor, gathered.data(), gather(pieces, gathered), MSG_NOSIGNAL);
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());  // sendmsg does not write to it
  message.msg_iovlen = pieces.size();
  return sendmsg(descriptor, &message, MSG_NOSIGNAL);
}

}  // namespace

RegisteredSocket::RegisteredSocket(EpollPoller& poller, int descriptor, Sharing sharing)
    : descriptor_(descriptor),
      shared_in_(sharing == Sharing::kYes ? &poller : nullptr),
      registered_(shared_in_ != nullptr ? poller.add_shared(descriptor, readiness_)
                                        : poller.add(descriptor, readiness_)) {
  const int on = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

RegisteredSocket::~RegisteredSocket() {
  if (shared_in_ != nullptr) shared_in_->remove(descriptor_);
  // Closing the only descriptor of a socket also takes it out of the poller.
  close(descriptor_);
}

void RegisteredSocket::end_writing() {
  shutdown(descriptor_, SHUT_WR);
}

void RegisteredSocket::reset_on_close() {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

SocketStream::SocketStream(std::unique_ptr<RegisteredSocket> socket, const SocketAddress& peer)
    : socket_(std::move(socket)), peer_(peer) {}

Transfer SocketStream::read(std::span<char> into) {
  for (;;) {
    const ssize_t count = recv(socket_->descriptor(), into.data(), into.size(), 0);
    if (count > 0) {
      const auto bytes = static_cast<std::size_t>(count);
      // A short read has emptied the socket, and more bytes are a new event. The end of the stream
      // is not: it may be here already, and was reported together with these bytes.
      if (bytes < into.size() && !closed().raised()) readable().lower();
      return {Transfer::Kind::kBytes, bytes};
    }
    if (count == 0) return {Transfer::Kind::kEnd, 0};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      readable().lower();
      return {Transfer::Kind::kWouldBlock, 0};
    }
    return {Transfer::Kind::kFailed, 0};
  }
}

Transfer SocketStream::write(std::span<const iovec> pieces) {
  for (;;) {
    const ssize_t count = send_pieces(socket_->descriptor(), pieces);
    if (count > 0) return {Transfer::Kind::kBytes, static_cast<std::size_t>(count)};
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      writable().lower();
      return {Transfer::Kind::kWouldBlock, 0};
    }
    return {Transfer::Kind::kFailed, 0};
  }
}

}  // namespace penstock::net
