#include "core/proxy_header_failure.h"

namespace penstock {

std::string_view name_of(ProxyHeaderFailure failure) {
  switch (failure) {
    case ProxyHeaderFailure::kMissing:
      return "missing";
    case ProxyHeaderFailure::kMalformed:
      return "malformed";
    case ProxyHeaderFailure::kTooLarge:
      return "too_large";
    case ProxyHeaderFailure::kTimeout:
      return "timeout";
    case ProxyHeaderFailure::kClosed:
      return "closed";
  }
  return "closed";
}

}  // namespace penstock
