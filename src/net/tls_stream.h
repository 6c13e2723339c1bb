#pragma once

// A Stream over TLS, directly on OpenSSL and the socket; or on another stream, which is a tunnel.
//
// asio::ssl::stream and memory BIO pairs keep buffers of a record and more for each idle
// connection. An end of the TCP connection without close_notify is kFailed, never kEnd, so that a
// truncated answer cannot pass for a whole one (RFC 8446 section 6.1).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <openssl/ssl.h>

#include "core/result.h"
#include "core/task.h"
#include "core/tls_failure.h"
#include "net/socket_stream.h"
#include "net/tls_context.h"
#include "net/wait.h"

namespace penstock::net {

class TlsStream final : public Stream {
 public:
  TlsStream(std::unique_ptr<RegisteredSocket> socket, const SocketAddress& peer,
            const TlsContext& context);
  // Throws std::bad_alloc.
  TlsStream(std::unique_ptr<Stream> below, const TlsContext& context);
  ~TlsStream() override;

  // Whether the peer has sent anything, or has ended. Lowers readable() if not. Only on a socket.
  bool has_begun();

  // What a failed handshake tells the operator about.
  enum class Party : std::uint8_t { kUpstream, kProxy };

  // The handshakes, before any read or write. They end early with kCancelled when `cancel` is
  // raised. Failures are kUpstreamUnreachable or, for accept(), kMalformedRequest. `host`, a name
  // or an IP address, is what the certificate must be valid for.
  Task<Status> connect(EventLoop& loop, Deadline& deadline, Signal& cancel, const std::string& host,
                       Party party = Party::kUpstream);
  Task<Status> accept(EventLoop& loop, Deadline& deadline, Signal& cancel);
  // Why accept() failed. Nullopt if it was cancelled, or if the client has sent no byte at all:
  // checking whether the port is open is no failure.
  std::optional<TlsFailure> accept_failure() const { return accept_failure_; }

  Transfer read(std::span<char> into) override;
  Transfer write(std::span<const iovec> pieces) override;
  Signal& readable() override { return *readable_; }
  Signal& writable() override { return *writable_; }
  Signal& closed() override { return *closed_; }
  void end_writing() override;
  void reset_on_close() override;
  const SocketAddress& peer() const override { return peer_; }
  std::string trouble() const override;

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  enum class Progress { kDone, kAgain, kFailed };
  Progress handshake_step();
  std::string handshake_failure() const;
  Error connect_failure(Party party) const;
  std::optional<TlsFailure> classify_accept_failure() const;

  // Frees empty record buffers. SSL_MODE_RELEASE_BUFFERS does so after reads and writes, but a read
  // that meets a session ticket also allocates a buffer for writing, which would stay until the
  // next write, that is, as long as the stream is open.
  void release_buffers();

  // One of them is null.
  std::unique_ptr<RegisteredSocket> socket_;
  std::unique_ptr<Stream> below_;
  Signal* readable_;
  Signal* writable_;
  Signal* closed_;
  SocketAddress peer_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  std::optional<TlsFailure> accept_failure_;
  bool say_goodbye_ = false;
  unsigned long alert_ = 0;  // of the peer, that ended the connection: OpenSSL's number; 0: none
};

}  // namespace penstock::net
