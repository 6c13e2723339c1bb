#include "net/notify_socket.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

#include <sys/time.h>
#include <unistd.h>

namespace penstock::net {
namespace {

Error failed(std::string_view what, int reason) {
  return Error::gateway(ErrorKind::kInternal,
                        std::string(what) + ": " + std::generic_category().message(reason));
}

}  // namespace

Result<NotifySocket> NotifySocket::open(std::string_view address) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  const bool is_abstract = address.starts_with('@');
  // A path needs its zero at the end, a name does not.
  const std::size_t room = sizeof where.sun_path - (is_abstract ? 0 : 1);
  if ((!is_abstract && !address.starts_with('/')) || address.size() < 2 || address.size() > room) {
    return failure(Error::gateway(ErrorKind::kInternal,
                                  "expected an absolute path of a socket, or @ and a name"));
  }
  std::ranges::copy(address, where.sun_path);
  if (is_abstract) where.sun_path[0] = '\0';
  const std::size_t size = offsetof(sockaddr_un, sun_path) + address.size() + (is_abstract ? 0 : 1);
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return failure(failed("no socket", errno));
  const timeval patience{.tv_sec = 1, .tv_usec = 0};
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  return NotifySocket(descriptor, where, static_cast<socklen_t>(size));
}

NotifySocket::~NotifySocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

NotifySocket::NotifySocket(NotifySocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      address_(other.address_),
      address_size_(other.address_size_) {}

Status NotifySocket::send(std::string_view message) {
  for (;;) {
    const ssize_t sent = ::sendto(descriptor_, message.data(), message.size(), MSG_NOSIGNAL,
                                  reinterpret_cast<const sockaddr*>(&address_), address_size_);
    if (sent >= 0) return {};
    if (errno != EINTR) return failure(failed("it cannot be told", errno));
  }
}

}  // namespace penstock::net
