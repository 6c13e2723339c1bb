#pragma once

// The address of one end of a connection: an IP address and a port, in the kernel's form. Of a unix
// socket only the family is known: its clients have no names.

#include <cstdint>
#include <string>

#include <netinet/in.h>
#include <sys/socket.h>

namespace penstock::net {

class SocketAddress {
 public:
  SocketAddress() = default;
  // Families other than AF_INET, AF_INET6 and AF_UNIX leave it empty.
  SocketAddress(const sockaddr* address, socklen_t length);
  static SocketAddress of_unix_socket();

  const sockaddr* data() const { return &any_; }
  socklen_t size() const;
  int family() const { return any_.sa_family; }  // AF_UNSPEC if empty
  bool is_unix() const { return family() == AF_UNIX; }
  bool empty() const { return family() == AF_UNSPEC; }

  const in_addr& ipv4() const { return v4_.sin_addr; }    // of family AF_INET
  const in6_addr& ipv6() const { return v6_.sin6_addr; }  // of family AF_INET6
  std::uint16_t port() const;
  void set_port(std::uint16_t port);

  // The address without the port, "127.0.0.1" or "::1"; "unix" of a unix socket; empty for an empty
  // one.
  std::string host_text() const;
  // "127.0.0.1:80", "[::1]:80", "unix".
  std::string text() const;

 private:
  union {
    sockaddr any_;
    sockaddr_in v4_;
    sockaddr_in6 v6_{};
  };
};

// The local address of a socket.
SocketAddress local_address(int socket);

}  // namespace penstock::net
