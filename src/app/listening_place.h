#pragma once

// ListeningPlace: an address, or a unix socket with its file, that one or more threads listen on.
//
// Opened by the starting thread. It outlives the listeners.

#include <sys/types.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/result.h"
#include "net/epoll_poller.h"
#include "net/listener.h"
#include "net/socket_address.h"
#include "net/unix_socket.h"

namespace penstock::app {

class ListeningPlace {
 public:
  // `host` is an address, a name, or `unix:PATH`; `socket_mode` is that of the socket's file. Fails
  // with kInternal if somebody else listens there, or nobody may.
  static Result<ListeningPlace> open(const std::string& host, std::uint16_t port,
                                     mode_t socket_mode);
  // Whether open() could succeed, as far as can be seen without trying. Not whether the port is in
  // use: a file may be checked while its server runs.
  static Status check(const std::string& host);

  // Another thread's share. If the port was 0, the first one gets any that is free, and the others
  // the same. Fails with kInternal.
  Result<std::unique_ptr<net::Listener>> open_listener(net::EpollPoller& poller,
                                                       std::size_t reserve);

  // "127.0.0.1:8321", with the actual port; or "unix:/run/penstock/penstock.sock".
  std::string text() const;
  std::uint16_t port() const;  // 0: a unix socket
  bool is_socket() const { return socket_ != nullptr; }

 private:
  ListeningPlace() = default;

  std::unique_ptr<net::UnixSocket> socket_;  // null: it is `address_`
  net::SocketAddress address_;
};

}  // namespace penstock::app
