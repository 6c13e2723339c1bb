#include "net/socket_stream.h"

#include <cerrno>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

namespace penstock::net {

RegisteredSocket::RegisteredSocket(EpollPoller& poller, int descriptor)
    : descriptor_(descriptor), registered_(poller.add(descriptor, readiness_)) {
  const int on = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

RegisteredSocket::~RegisteredSocket() {
  // Closing the only descriptor of a socket also takes it out of the poller.
  close(descriptor_);
}

void RegisteredSocket::end_writing() { shutdown(descriptor_, SHUT_WR); }

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
      // A short read has emptied the socket: the next bytes are a new event. Not so the end of the
      // stream, which may be here already and was then reported with these bytes.
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
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());  // sendmsg does not write to it
  message.msg_iovlen = pieces.size();
  for (;;) {
    const ssize_t count = sendmsg(socket_->descriptor(), &message, MSG_NOSIGNAL);
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
