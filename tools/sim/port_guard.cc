#include "sim/port_guard.h"

#include <cerrno>
#include <cstring>

#include <sys/socket.h>
#include <unistd.h>

namespace penstock::sim {

PortGuard::~PortGuard() {
  if (descriptor_ >= 0) close(descriptor_);
}

Status PortGuard::hold(const net::SocketAddress& address) {
  descriptor_ = socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(descriptor_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (bind(descriptor_, address.data(), address.size()) == 0) return {};
  return failure(Error::gateway(ErrorKind::kInternal, "cannot hold the port of " + address.text() +
                                                          ": " + std::strerror(errno)));
}

}  // namespace penstock::sim
