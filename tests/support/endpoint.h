#pragma once

// Endpoint: one end of a TCP connection, plain or TLS, with calls that block up to a time limit.
//
// It sends exactly the given bytes and distinguishes every way in which a connection can end. Used
// by one thread at a time; another may end its waits with an interrupt (a Latch).

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/ssl.h>
#include <poll.h>

#include "support/latch.h"

namespace penstock::testing {

// How a call ended.
enum class Io : std::uint8_t {
  kDone,         // bytes were received; or all were sent
  kEnd,          // the peer has ended its side in order (FIN; with TLS after a close_notify)
  kTruncated,    // with TLS: FIN without a close_notify
  kReset,        // the connection is broken
  kTimeout,      // nothing happened until the time limit
  kInterrupted,  // the interrupt's latch was released
};
// For messages of failed checks.
std::string_view name_of(Io io);

class Endpoint {
 public:
  // Takes a connected socket.
  explicit Endpoint(int descriptor);
  ~Endpoint();
  Endpoint(Endpoint&& other) noexcept;
  Endpoint& operator=(Endpoint&&) = delete;

  // Connects to 127.0.0.1. `receive_buffer_bytes` above 0 sets SO_RCVBUF: the server notices sooner
  // if a client with a small one does not read. Throws if nobody listens.
  static Endpoint connect(std::uint16_t port, int receive_buffer_bytes = 0);

  // Connects to a unix socket. Throws if nobody listens.
  static Endpoint connect(const std::string& socket_path);

  // Starts to connect without waiting for the result.
  static Endpoint connect_later(std::uint16_t port);

  // Does the TLS handshake; false if it fails. A client checks `server_name`.
  bool accept_tls(SSL_CTX* context, TimePoint until);
  bool connect_tls(SSL_CTX* context, const std::string& server_name, TimePoint until);

  // When released, it ends every wait with kInterrupted. Outlives the endpoint.
  void set_interrupt(const Latch* interrupt) { interrupt_ = interrupt; }

  // Sends all of it.
  Io send(std::string_view bytes, TimePoint until);
  // Appends what is available, waiting for at least one byte.
  Io receive(std::string& into, TimePoint until);
  // Waits, without reading, until `latch` (if any) is released: kDone. Ends with kEnd or kReset if
  // the peer leaves.
  Io wait(const Latch* latch, TimePoint until);

  // Waits until there is something to read or, for a listening socket, to accept.
  Io wait_readable(TimePoint until) { return wait_for(POLLIN, until); }

  // Ends this side: the peer reads to its end, and this side may continue to read.
  void half_close();
  // Closes in order; with TLS after a close_notify.
  void close();
  // Closes a TLS connection without a close_notify.
  void close_without_notify();
  // Closes with a reset.
  void reset();
  bool is_open() const { return descriptor_ >= 0; }

 private:
  bool handshake(TimePoint until);
  Io wait_for(short events, TimePoint until);
  Io failure_of(int result, TimePoint until);

  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  int descriptor_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  const Latch* interrupt_ = nullptr;
};

// A socket that listens on 127.0.0.1, on a port of the system's choice.
struct ListeningSocket {
  explicit ListeningSocket(int backlog);
  ~ListeningSocket();
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;

  int descriptor = -1;
  std::uint16_t port = 0;
};

// A port of 127.0.0.1 that refuses connections for as long as the object lives.
class RefusingPort {
 public:
  RefusingPort();
  ~RefusingPort();
  RefusingPort(const RefusingPort&) = delete;
  RefusingPort& operator=(const RefusingPort&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  int descriptor_;
  std::uint16_t port_;
};

}  // namespace penstock::testing
