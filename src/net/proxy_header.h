#pragma once

// The header of the PROXY protocol, versions 1 and 2, with which a load balancer tells where a
// connection comes from (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt).
//
// A pure function of the bytes at the begin of a connection. The extensions of version 2 (TLVs) are
// skipped, and so is its checksum, which TCP makes needless.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "net/socket_address.h"

namespace penstock::net {

struct ProxyHeader {
  enum class Kind : std::uint8_t {
    kIncomplete,  // more bytes are needed; so it is with none
    kNone,        // the connection begins with something else
    kMalformed,
    kTooLarge,
    kComplete,
  };

  // A header with more is refused. The specification needs 107 and 536; certificates among the
  // extensions make it longer.
  static constexpr std::size_t kBytesMax = 4096;

  Kind kind = Kind::kIncomplete;
  std::size_t bytes = 0;  // of a complete header
  std::optional<SocketAddress>
      source;  // nullopt: the connection speaks for itself (LOCAL, UNKNOWN)
};

ProxyHeader read_proxy_header(std::string_view bytes);

}  // namespace penstock::net
