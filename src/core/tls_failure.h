#pragma once

// Why a TLS handshake with a client failed, by the names that metrics give it.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock {

enum class TlsFailure : std::uint8_t {
  kNotTls,               // the client speaks something else, such as plain HTTP
  kVersion,              // no version of TLS in common
  kCipher,               // no cipher suite in common
  kApplicationProtocol,  // the client offers protocols, and not http/1.1
  kClientCertificate,    // it shows none, or one that is not trusted
  kRefusedByClient,      // the client ended it with an alert: it may not trust the server
  kTimeout,              // it took longer than server.timeouts.client_header
  kClosed,               // the connection ended in the middle
  kOther,
};
inline constexpr std::size_t kTlsFailureCount = static_cast<std::size_t>(TlsFailure::kOther) + 1;

// As /metrics and docs/metrics.md spell it: `not_tls`.
std::string_view name_of(TlsFailure failure);

}  // namespace penstock
