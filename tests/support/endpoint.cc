#include "support/endpoint.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace penstock::testing {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int bound_socket() {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail("socket");
  const sockaddr_in address = loopback(0);
  if (bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    fail("bind");
  }
  return descriptor;
}

std::uint16_t port_of(int descriptor) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    fail("getsockname");
  }
  return ntohs(address.sin_port);
}

}  // namespace

std::string_view name_of(Io io) {
  switch (io) {
    case Io::kDone:
      return "done";
    case Io::kEnd:
      return "end";
    case Io::kTruncated:
      return "truncated";
    case Io::kReset:
      return "reset";
    case Io::kTimeout:
      return "timeout";
    case Io::kInterrupted:
      return "interrupted";
  }
  return "?";
}

Endpoint::Endpoint(int descriptor) : descriptor_(descriptor) {
  fcntl(descriptor_, F_SETFL, fcntl(descriptor_, F_GETFL) | O_NONBLOCK);
  const int on = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Endpoint::~Endpoint() {
  close();
}

Endpoint::Endpoint(Endpoint&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      ssl_(std::move(other.ssl_)),
      interrupt_(other.interrupt_) {}

Endpoint Endpoint::connect(std::uint16_t port, int receive_buffer_bytes) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail("socket");
  if (receive_buffer_bytes > 0) {
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
               sizeof receive_buffer_bytes);
  }
  const sockaddr_in address = loopback(port);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    ::close(descriptor);
    errno = error;
    fail("connect");
  }
  return Endpoint(descriptor);
}

Endpoint Endpoint::connect(const std::string& socket_path) {
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail("socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    ::close(descriptor);
    errno = error;
    fail("connect");
  }
  return Endpoint(descriptor);
}

Endpoint Endpoint::connect_later(std::uint16_t port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) fail("socket");
  const sockaddr_in address = loopback(port);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS) {
    fail("connect");
  }
  return Endpoint(descriptor);
}

bool Endpoint::accept_tls(SSL_CTX* context, TimePoint until) {
  ssl_.reset(SSL_new(context));
  SSL_set_accept_state(ssl_.get());
  return handshake(until);
}

bool Endpoint::connect_tls(SSL_CTX* context, const std::string& server_name, TimePoint until) {
  ssl_.reset(SSL_new(context));
  SSL_set1_host(ssl_.get(), server_name.c_str());
  SSL_set_connect_state(ssl_.get());
  return handshake(until);
}

bool Endpoint::handshake(TimePoint until) {
  // OpenSSL writes to the socket without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
  SSL_set_fd(ssl_.get(), descriptor_);
  for (;;) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) return true;
    if (failure_of(result, until) != Io::kDone) return false;
  }
}

// Waits for one of `events`, or for the connection's end, which the next call then finds.
Io Endpoint::wait_for(short events, TimePoint until) {
  for (;;) {
    std::array<pollfd, 2> wanted{pollfd{descriptor_, events, 0},
                                 pollfd{interrupt_ ? interrupt_->descriptor() : -1, POLLIN, 0}};
    const int ready = poll(wanted.data(), wanted.size(), poll_milliseconds(until));
    if (wanted[1].revents != 0) return Io::kInterrupted;
    if (ready > 0) return Io::kDone;
    if (ready == 0 && Clock::now() >= until) return Io::kTimeout;
  }
}

// kDone: the TLS call must be repeated.
Io Endpoint::failure_of(int result, TimePoint until) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return wait_for(POLLIN, until);
    case SSL_ERROR_WANT_WRITE:
      return wait_for(POLLOUT, until);
    case SSL_ERROR_ZERO_RETURN:
      return Io::kEnd;
    case SSL_ERROR_SSL:
      return ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? Io::kTruncated
                                                                                    : Io::kReset;
    default:
      return Io::kReset;
  }
}

Io Endpoint::send(std::string_view bytes, TimePoint until) {
  while (!bytes.empty()) {
    if (ssl_) {
      ERR_clear_error();
      const int written = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
      if (written > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(written));
      } else if (const Io io = failure_of(written, until); io != Io::kDone) {
        return io;
      }
      continue;
    }
    const ssize_t written = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      if (const Io io = wait_for(POLLOUT, until); io != Io::kDone) return io;
    } else if (errno != EINTR) {
      return Io::kReset;
    }
  }
  return Io::kDone;
}

Io Endpoint::receive(std::string& into, TimePoint until) {
  std::array<char, 16384> piece;
  for (;;) {
    if (ssl_) {
      ERR_clear_error();
      const int got = SSL_read(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
      if (got > 0) {
        into.append(piece.data(), static_cast<std::size_t>(got));
        return Io::kDone;
      }
      if (const Io io = failure_of(got, until); io != Io::kDone) return io;
      continue;
    }
    const ssize_t got = recv(descriptor_, piece.data(), piece.size(), 0);
    if (got > 0) {
      into.append(piece.data(), static_cast<std::size_t>(got));
      return Io::kDone;
    }
    if (got == 0) return Io::kEnd;
    if (errno == EAGAIN) {
      if (const Io io = wait_for(POLLIN, until); io != Io::kDone) return io;
    } else if (errno != EINTR) {
      return Io::kReset;
    }
  }
}

Io Endpoint::wait(const Latch* latch, TimePoint until) {
  for (;;) {
    std::array<pollfd, 3> wanted{pollfd{descriptor_, POLLRDHUP, 0},
                                 pollfd{interrupt_ ? interrupt_->descriptor() : -1, POLLIN, 0},
                                 pollfd{latch ? latch->descriptor() : -1, POLLIN, 0}};
    const int ready = poll(wanted.data(), wanted.size(), poll_milliseconds(until));
    if (wanted[1].revents != 0) return Io::kInterrupted;
    if (wanted[2].revents != 0) return Io::kDone;
    if ((wanted[0].revents & POLLERR) != 0) return Io::kReset;
    if (wanted[0].revents != 0) return Io::kEnd;
    if (ready == 0 && Clock::now() >= until) return Io::kTimeout;
  }
}

void Endpoint::half_close() {
  shutdown(descriptor_, SHUT_WR);
}

void Endpoint::close() {
  if (descriptor_ < 0) return;
  if (ssl_ && SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
  close_without_notify();
}

void Endpoint::close_without_notify() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  descriptor_ = -1;
}

void Endpoint::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close_without_notify();
}

ListeningSocket::ListeningSocket(int backlog) : descriptor(bound_socket()) {
  if (listen(descriptor, backlog) != 0) fail("listen");
  port = port_of(descriptor);
}

ListeningSocket::~ListeningSocket() {
  ::close(descriptor);
}

// Bound but not listening: nobody else can take the port meanwhile.
RefusingPort::RefusingPort() : descriptor_(bound_socket()), port_(port_of(descriptor_)) {}

RefusingPort::~RefusingPort() {
  ::close(descriptor_);
}

}  // namespace penstock::testing
