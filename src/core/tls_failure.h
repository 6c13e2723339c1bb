#pragma once

// Why a TLS handshake with a client failed, by the names that metrics use.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock {

enum class TlsFailure : std::uint8_t {
  kNotTls,               // the client does not speak TLS, but plain HTTP for example
  kProtocolVersion,      // no version of TLS in common
  kCipher,               // no cipher suite in common
  kApplicationProtocol,  // the client offers protocols, but not http/1.1
  kClientCertificate,    // the client presents none, or an untrusted one
  kRefusedByClient,      // the client sent an alert: it may not trust the server
  kTimeout,              // it took longer than server.timeouts.client_header
  kClosed,               // the connection ended in the middle
  kOther,
};
inline constexpr std::size_t kTlsFailureCount = static_cast<std::size_t>(TlsFailure::kOther) + 1;

// The name in /metrics and docs/metrics.md: `not_tls`.
std::string_view name_of(TlsFailure failure);

}  // namespace penstock
