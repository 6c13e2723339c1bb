#pragma once

// Why the header of the PROXY protocol at the begin of a connection could not be used, by the names
// that metrics use.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock {

enum class ProxyHeaderFailure : std::uint8_t {
  kMissing,    // the connection begins with something else
  kMalformed,  // it begins like a header, but is none
  kTooLarge,   // it is longer than is read
  kTimeout,    // it took longer than server.timeouts.client_header
  kClosed,     // the connection ended in the middle
};
inline constexpr std::size_t kProxyHeaderFailureCount =
    static_cast<std::size_t>(ProxyHeaderFailure::kClosed) + 1;

// The name in /metrics and docs/metrics.md: `missing`.
std::string_view name_of(ProxyHeaderFailure failure);

}  // namespace penstock
