#include "net/listener.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace penstock::net {
namespace {

// What the kernel may buffer for a slow client; more would only delay back-pressure towards the
// upstream. The kernel doubles the figure for its own use.
constexpr int kSendBufferBytes = 256 * 1024;

Error listen_failure(const SocketAddress& address) {
  const int error = errno;
  std::string message = "cannot listen on " + address.text() + ": " + std::strerror(error);
  if (error == EADDRINUSE) message += "; stop the server that has it, or choose another port";
  if (error == EADDRNOTAVAIL) message += "; no interface of this machine has this address";
  if (error == EACCES) message += "; ports below 1024 need CAP_NET_BIND_SERVICE";
  return Error::gateway(ErrorKind::kInternal, std::move(message));
}

}  // namespace

Result<SocketAddress> resolve_listen_address(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* list = nullptr;
  const int result = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (result != 0) {
    return failure(Error::gateway(ErrorKind::kInternal,
                                  "cannot listen on '" + host + "': " + gai_strerror(result)));
  }
  // A name such as localhost may have an address of each family; every client tries IPv4.
  SocketAddress chosen(list->ai_addr, list->ai_addrlen);
  for (const addrinfo* each = list; each != nullptr; each = each->ai_next) {
    if (each->ai_family == AF_INET) {
      chosen = SocketAddress(each->ai_addr, each->ai_addrlen);
      break;
    }
  }
  freeaddrinfo(list);
  chosen.set_port(port);
  return chosen;
}

Status check_address_is_free(const SocketAddress& address) {
  const int probe = socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return failure(listen_failure(address));
  const int on = 1;
  setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool bound = bind(probe, address.data(), address.size()) == 0;
  Status status;
  if (!bound) status = failure(listen_failure(address));
  close(probe);
  return status;
}

Result<std::unique_ptr<Listener>> Listener::open(EpollPoller& poller, const SocketAddress& address,
                                                 std::size_t reserve) {
  const int descriptor = socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return failure(listen_failure(address));
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes, sizeof kSendBufferBytes);
  if (bind(descriptor, address.data(), address.size()) != 0 || listen(descriptor, kBacklog) != 0) {
    Error error = listen_failure(address);
    close(descriptor);
    return failure(std::move(error));
  }
  auto socket = std::make_unique<RegisteredSocket>(poller, descriptor);
  if (!socket->registered()) return failure(listen_failure(address));
  return std::unique_ptr<Listener>(new Listener(poller, std::move(socket), reserve));
}

Result<std::unique_ptr<Listener>> Listener::share(EpollPoller& poller, const UnixSocket& socket,
                                                  std::size_t reserve) {
  const SocketAddress address = SocketAddress::of_unix_socket();
  const int descriptor = fcntl(socket.descriptor(), F_DUPFD_CLOEXEC, 0);
  if (descriptor < 0) return failure(listen_failure(address));
  auto shared =
      std::make_unique<RegisteredSocket>(poller, descriptor, RegisteredSocket::Sharing::kYes);
  if (!shared->registered()) return failure(listen_failure(address));
  return std::unique_ptr<Listener>(new Listener(poller, std::move(shared), reserve));
}

Listener::Listener(EpollPoller& poller, std::unique_ptr<RegisteredSocket> socket,
                   std::size_t reserve)
    : poller_(poller),
      socket_(std::move(socket)),
      address_(local_address(socket_->descriptor())),
      reserve_size_(reserve) {
  reserve_.reserve(reserve);
  fill_reserve();
}

Listener::~Listener() {
  for (const int descriptor : reserve_) close(descriptor);
}

// Any descriptor will do, as long as it can be closed.
void Listener::fill_reserve() {
  while (reserve_.size() < reserve_size_) {
    const int descriptor = fcntl(socket_->descriptor(), F_DUPFD_CLOEXEC, 0);
    if (descriptor < 0) return;
    reserve_.push_back(descriptor);
  }
}

void Listener::set_reserve(std::size_t reserve) {
  reserve_size_ = reserve;
  for (; reserve_.size() > reserve_size_; reserve_.pop_back()) close(reserve_.back());
  fill_reserve();
}

int Listener::accept_one(SocketAddress& peer) {
  sockaddr_in6 storage{};
  socklen_t length = sizeof storage;
  auto* from = reinterpret_cast<sockaddr*>(&storage);
  const int descriptor =
      accept4(socket_->descriptor(), from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor >= 0) peer = SocketAddress(from, length);
  return descriptor;
}

// accept4() allocates a descriptor before it checks whether there is a connection.
bool Listener::has_waiting() const {
  pollfd entry{.fd = socket_->descriptor(), .events = POLLIN, .revents = 0};
  return poll(&entry, 1, 0) == 1;
}

Listener::Accepted Listener::accept() {
  fill_reserve();
  for (;;) {
    Accepted accepted;
    int descriptor = accept_one(accepted.peer);
    if (descriptor < 0 && (errno == EMFILE || errno == ENFILE)) {
      if (!has_waiting()) {
        readable().lower();
        return accepted;
      }
      errno = EMFILE;
      if (!reserve_.empty()) {
        close(reserve_.back());
        reserve_.pop_back();
        accepted.from_reserve = true;
        descriptor = accept_one(accepted.peer);
      }
    }
    if (descriptor >= 0) {
      accepted.socket = std::make_unique<RegisteredSocket>(poller_, descriptor);
      accepted.kind = Accepted::Kind::kConnection;
      if (!accepted.socket->registered()) {
        accepted.socket.reset();
        accepted.kind = Accepted::Kind::kOutOfResources;
      }
      return accepted;
    }
    switch (errno) {
      case EAGAIN:
        readable().lower();
        return accepted;
      case EMFILE:
      case ENFILE:
      case ENOBUFS:
      case ENOMEM:
        accepted.kind = Accepted::Kind::kOutOfResources;
        return accepted;
      default:
        continue;  // a connection that broke while it was queued (accept(2))
    }
  }
}

}  // namespace penstock::net
