#include "core/tls_failure.h"

namespace penstock {

// A switch, so that the compiler reports a missing failure.
std::string_view name_of(TlsFailure failure) {
  switch (failure) {
    case TlsFailure::kNotTls:
      return "not_tls";
    case TlsFailure::kProtocolVersion:
      return "version";
    case TlsFailure::kCipher:
      return "cipher";
    case TlsFailure::kApplicationProtocol:
      return "application_protocol";
    case TlsFailure::kClientCertificate:
      return "client_certificate";
    case TlsFailure::kRefusedByClient:
      return "refused_by_client";
    case TlsFailure::kTimeout:
      return "timeout";
    case TlsFailure::kClosed:
      return "closed";
    case TlsFailure::kOther:
      return "other";
  }
  return "unknown";
}

}  // namespace penstock
