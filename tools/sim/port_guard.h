#pragma once

// PortGuard: keeps a port for a server that does not listen at times.
//
// A socket that is bound to the address and does not listen: who connects is refused, and the
// system gives the port to no outgoing connection.

#include "core/result.h"
#include "net/socket_address.h"

namespace penstock::sim {

class PortGuard {
 public:
  PortGuard() = default;
  ~PortGuard();
  PortGuard(const PortGuard&) = delete;
  PortGuard& operator=(const PortGuard&) = delete;

  // Fails with kInternal and the system's reason. Listeners with SO_REUSEPORT may have the address.
  Status hold(const net::SocketAddress& address);

 private:
  int descriptor_ = -1;
};

}  // namespace penstock::sim
