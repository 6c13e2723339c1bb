#pragma once

// ProxyHeaderReader: the header of the PROXY protocol at the begin of a connection, taken from the
// socket without a byte of what follows.

#include <cstddef>
#include <optional>

#include "core/proxy_header_failure.h"
#include "http/scratch.h"
#include "net/socket_address.h"
#include "net/socket_stream.h"

namespace penstock::http {

class ProxyHeaderReader {
 public:
  // Both outlive it.
  ProxyHeaderReader(net::RegisteredSocket& socket, ScratchPool& scratch)
      : socket_(socket), scratch_(scratch) {}

  struct Step {
    bool ended = false;    // otherwise wait until the socket is readable or closed
    bool goes_on = false;  // whether the connection does
    std::optional<net::SocketAddress> source = {};   // of a header that has one
    std::optional<ProxyHeaderFailure> failure = {};  // nullopt: none, or nothing was sent
  };
  // Looks at what has arrived. A connection without a header goes on if none is required.
  Step look(bool is_required);

  // Whether a byte has arrived.
  bool has_begun() const { return seen_ > 0; }

 private:
  Step closed() const;
  Step failed(ProxyHeaderFailure failure) const;
  Step take(std::size_t bytes, const std::optional<net::SocketAddress>& source);

  net::RegisteredSocket& socket_;
  ScratchPool& scratch_;
  std::size_t seen_ = 0;
};

}  // namespace penstock::http
