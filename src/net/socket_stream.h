#pragma once

// A Stream over a TCP socket without TLS.

#include "net/epoll_poller.h"
#include "net/stream.h"

namespace penstock::net {

// Owns a socket and its registration with a poller; shared by the plain and the TLS stream. Sets
// TCP_NODELAY, since a relay's writes should not be delayed.
class RegisteredSocket {
 public:
  // Whether other pollers have the same socket: EpollPoller::add_shared().
  enum class Sharing : bool { kNo, kYes };

  // Takes over `descriptor`, which is non-blocking.
  RegisteredSocket(EpollPoller& poller, int descriptor, Sharing sharing = Sharing::kNo);
  ~RegisteredSocket();
  RegisteredSocket(const RegisteredSocket&) = delete;
  RegisteredSocket& operator=(const RegisteredSocket&) = delete;

  // Whether the poller had room for it; an unregistered socket is unusable.
  bool registered() const { return registered_; }
  int descriptor() const { return descriptor_; }
  Readiness& readiness() { return readiness_; }
  void end_writing();
  void reset_on_close();

 private:
  int descriptor_;
  EpollPoller* const shared_in_;  // null: not shared
  Readiness readiness_;
  bool registered_;
};

class SocketStream final : public Stream {
 public:
  SocketStream(std::unique_ptr<RegisteredSocket> socket, const SocketAddress& peer);

  Transfer read(std::span<char> into) override;
  Transfer write(std::span<const iovec> pieces) override;
  Signal& readable() override { return socket_->readiness().readable; }
  Signal& writable() override { return socket_->readiness().writable; }
  Signal& closed() override { return socket_->readiness().closed; }
  void end_writing() override { socket_->end_writing(); }
  void reset_on_close() override { socket_->reset_on_close(); }
  void couple_signals() override { socket_->readiness().coupled = true; }
  const SocketAddress& peer() const override { return peer_; }

 private:
  std::unique_ptr<RegisteredSocket> socket_;
  SocketAddress peer_;
};

}  // namespace penstock::net
