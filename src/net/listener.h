#pragma once

// Listener: one thread's share of the server's port or unix socket.
//
// Each thread opens its own socket on the same address with SO_REUSEPORT, and the kernel
// distributes new connections among them. Destroying the listener closes the socket and resets the
// connections that the kernel has queued on it, so a drain accepts what is waiting first.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "net/epoll_poller.h"
#include "net/socket_address.h"
#include "net/socket_stream.h"
#include "net/unix_socket.h"

namespace penstock::net {

// The addresses that `host` names for listening. Fails with kInternal.
Result<SocketAddress> resolve_listen_address(const std::string& host, std::uint16_t port);

// Fails if another process listens on the address: with SO_REUSEPORT alone, a second server of the
// same user would silently take a share of the connections. With port 0, fails only if this machine
// does not have the address.
Status check_address_is_free(const SocketAddress& address);

class Listener {
 public:
  // `reserve`: descriptors kept for accept() when the process has no others left. Fails with
  // kInternal and the system's reason.
  static Result<std::unique_ptr<Listener>> open(EpollPoller& poller, const SocketAddress& address,
                                                std::size_t reserve = 0);
  // The same over a socket that each thread has.
  static Result<std::unique_ptr<Listener>> share(EpollPoller& poller, const UnixSocket& socket,
                                                 std::size_t reserve = 0);
  ~Listener();

  static constexpr int kBacklog = 4096;

  const SocketAddress& address() const { return address_; }  // with the port that was assigned
  Signal& readable() { return socket_->readiness().readable; }

  struct Accepted {
    enum class Kind : std::uint8_t { kConnection, kNoneWaiting, kOutOfResources };
    Kind kind = Kind::kNoneWaiting;
    std::unique_ptr<RegisteredSocket> socket;
    SocketAddress peer;
    bool from_reserve = false;  // no other descriptor was left
  };
  // Takes one connection from the queue without waiting. kOutOfResources: no descriptor or memory;
  // the caller pauses before it tries again, since no event reports that some are free.
  Accepted accept();
  void set_reserve(std::size_t reserve);

 private:
  Listener(EpollPoller& poller, std::unique_ptr<RegisteredSocket> socket, std::size_t reserve);
  int accept_one(SocketAddress& peer);
  bool has_waiting() const;
  void fill_reserve();

  EpollPoller& poller_;
  std::unique_ptr<RegisteredSocket> socket_;
  SocketAddress address_;
  std::size_t reserve_size_;
  std::vector<int> reserve_;
};

}  // namespace penstock::net
