#pragma once

// When certificates end: those in files, and those that servers show.

#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/result.h"
#include "net/tls_context.h"

namespace penstock::net {

// The earliest end of the certificates in a PEM file. Fails with kInternal if it has none.
Result<WallTime> certificate_end(const std::string& file);

// Notes when the certificates end that the peers of a context's connections show. The context must
// not be used by other threads before, nor after the watch is gone.
class PeerCertificateWatch {
 public:
  explicit PeerCertificateWatch(const TlsContext& context);
  ~PeerCertificateWatch();
  PeerCertificateWatch(const PeerCertificateWatch&) = delete;
  PeerCertificateWatch& operator=(const PeerCertificateWatch&) = delete;

  // Of the last handshake that ended well; nullopt: there was none.
  std::optional<WallTime> end() const { return end_; }

 private:
  static void note(const SSL* ssl, int where, int result);

  SSL_CTX* const context_;
  std::optional<WallTime> end_;
};

}  // namespace penstock::net
