#pragma once

// NotifyReceiver: the socket of a service manager, for tests of what it is told.

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <string>

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/patience.h"

namespace penstock::testing {

class NotifyReceiver {
 public:
  // A path, or `@` and a name.
  explicit NotifyReceiver(const std::string& address)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::memcpy(where.sun_path, address.data(), address.size());
    std::size_t size = offsetof(sockaddr_un, sun_path) + address.size();
    if (address.starts_with('@')) {
      where.sun_path[0] = '\0';
    } else {
      ++size;
    }
    EXPECT_EQ(
        ::bind(socket_, reinterpret_cast<const sockaddr*>(&where), static_cast<socklen_t>(size)), 0)
        << std::strerror(errno);
  }
  ~NotifyReceiver() { ::close(socket_); }
  NotifyReceiver(const NotifyReceiver&) = delete;
  NotifyReceiver& operator=(const NotifyReceiver&) = delete;

  // The next message; empty if none comes in time.
  std::string next(milliseconds limit = kPatience) const {
    pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, static_cast<int>(limit.count())) != 1) return {};
    std::array<char, 4096> bytes{};
    const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    return count > 0 ? std::string(bytes.data(), static_cast<std::size_t>(count)) : std::string();
  }

  // The next message that begins so; others are passed over. Empty if none comes.
  std::string next_with(std::string_view beginning) const {
    for (;;) {
      std::string message = next();
      if (message.empty() || message.starts_with(beginning)) return message;
    }
  }

  bool has_one() const {
    pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
    return ::poll(&waiting, 1, 0) == 1;
  }

 private:
  const int socket_;
};

}  // namespace penstock::testing
