#include "http/proxy_header_reader.h"

#include <cerrno>

#include <sys/socket.h>

#include "net/proxy_header.h"

namespace penstock::http {

using net::ProxyHeader;

ProxyHeaderReader::Step ProxyHeaderReader::look(bool is_required) {
  const ScratchPool::Block block = scratch_.block();
  const ssize_t peeked =
      recv(socket_.descriptor(), block.data(), ProxyHeader::kBytesMax, MSG_PEEK | MSG_DONTWAIT);
  const bool nothing = peeked < 0 && (errno == EAGAIN || errno == EINTR);
  if (peeked <= 0 && !nothing) return closed();
  const std::size_t bytes = nothing ? 0 : static_cast<std::size_t>(peeked);
  // The same bytes again: no more will come.
  if (socket_.readiness().closed.raised() && seen_ == bytes) return closed();
  seen_ = bytes;
  const ProxyHeader header = net::read_proxy_header({block.data(), bytes});
  switch (header.kind) {
    case ProxyHeader::Kind::kComplete:
      return take(header.bytes, header.source);
    case ProxyHeader::Kind::kNone:
      if (is_required) return failed(ProxyHeaderFailure::kMissing);
      return {.ended = true, .goes_on = true};
    case ProxyHeader::Kind::kMalformed:
      return failed(ProxyHeaderFailure::kMalformed);
    case ProxyHeader::Kind::kTooLarge:
      return failed(ProxyHeaderFailure::kTooLarge);
    case ProxyHeader::Kind::kIncomplete:
      break;
  }
  // More bytes are a new event.
  if (!socket_.readiness().closed.raised()) socket_.readiness().readable.lower();
  return {};
}

// A check whether the port is open is no failure.
ProxyHeaderReader::Step ProxyHeaderReader::closed() const {
  if (!has_begun()) return {.ended = true};
  return failed(ProxyHeaderFailure::kClosed);
}

ProxyHeaderReader::Step ProxyHeaderReader::failed(ProxyHeaderFailure failure) const {
  return {.ended = true, .failure = failure};
}

ProxyHeaderReader::Step ProxyHeaderReader::take(std::size_t bytes,
                                                const std::optional<net::SocketAddress>& source) {
  const ScratchPool::Block block = scratch_.block();
  // All of it has arrived: nothing is taken in part.
  const ssize_t taken = recv(socket_.descriptor(), block.data(), bytes, MSG_DONTWAIT);
  if (taken != static_cast<ssize_t>(bytes)) return closed();
  return {.ended = true, .goes_on = true, .source = source};
}

}  // namespace penstock::http
