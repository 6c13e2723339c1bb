#pragma once

// TrustedPeers: whose word the server takes about the address of a client: the load balancers and
// proxies in front of it.
//
// The address is for the access log and for finding a place among many connections
// (http/clients.h); nothing is permitted because of it.

#include <cstdint>
#include <vector>

#include "core/address_range.h"
#include "http/head.h"
#include "net/socket_address.h"

namespace penstock::http {

struct TrustedPeers {
  // Whether a trusted peer's connections begin with a header of the PROXY protocol.
  enum class ProxyProtocol : std::uint8_t { kOff, kOptional, kRequired };

  std::vector<AddressRange> ranges;
  bool unix_sockets = false;  // whoever can reach the server's socket
  ProxyProtocol proxy_protocol = ProxyProtocol::kOff;

  bool empty() const { return ranges.empty() && !unix_sockets; }
  bool trusts(const net::SocketAddress& address) const;
};

// Who a request comes from: `peer`, or, if that is trusted, the last address of X-Forwarded-For
// that is not; the first, if all are. Where an entry is no address, the one after it is taken. In
// the absence of that field, the same of `for` in Forwarded (RFC 7239).
net::SocketAddress client_of(const Fields& fields, const net::SocketAddress& peer,
                             const TrustedPeers& trusted);

}  // namespace penstock::http
