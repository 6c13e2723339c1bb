#pragma once

// NotifySocket: where a service manager listens for what its services say of themselves.
//
// A datagram socket of the unix family, at the end of a path, or `@name` in the abstract namespace
// (sd_notify(3), "NOTIFY_SOCKET"). One thread at a time.

#include <string>
#include <string_view>

#include <sys/socket.h>
#include <sys/un.h>

#include "core/result.h"

namespace penstock::net {

class NotifySocket {
 public:
  // Fails with kInternal for an address of another kind. Nobody needs to listen there yet.
  static Result<NotifySocket> open(std::string_view address);
  ~NotifySocket();
  NotifySocket(NotifySocket&& other) noexcept;
  NotifySocket& operator=(NotifySocket&&) = delete;

  // Sends one datagram, and waits at most a second for the reader. Fails with the system's reason.
  Status send(std::string_view message);

 private:
  NotifySocket(int descriptor, const sockaddr_un& address, socklen_t size)
      : descriptor_(descriptor), address_(address), address_size_(size) {}

  int descriptor_;
  sockaddr_un address_;
  socklen_t address_size_;
};

}  // namespace penstock::net
