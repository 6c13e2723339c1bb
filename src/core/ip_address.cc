#include "core/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace penstock {
namespace {

constexpr IpAddress::V6Bytes kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr std::size_t kMappedPrefixBytes = 12;

}  // namespace

IpAddress::IpAddress(const V4Bytes& bytes) : family_(Family::kV4) {
  std::copy(bytes.begin(), bytes.end(), bytes_.begin());
}

IpAddress::IpAddress(const V6Bytes& bytes) : family_(Family::kV6), bytes_(bytes) {}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  // inet_pton(3) is strict enough, but needs a terminated string.
  char terminated[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof terminated || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  terminated[text.copy(terminated, sizeof terminated - 1)] = '\0';
  V4Bytes v4;
  if (::inet_pton(AF_INET, terminated, v4.data()) == 1) return IpAddress(v4);
  V6Bytes v6;
  if (::inet_pton(AF_INET6, terminated, v6.data()) == 1) return IpAddress(v6);
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::from_sockaddr(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    V4Bytes bytes;
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    return IpAddress(bytes);
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof v6);
    V6Bytes bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return IpAddress(bytes);
  }
  return std::nullopt;
}

socklen_t IpAddress::to_sockaddr(std::uint16_t port, sockaddr_storage& address) const {
  address = {};
  if (is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, bytes_.data(), sizeof v4.sin_addr);
    std::memcpy(&address, &v4, sizeof v4);
    return sizeof v4;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::memcpy(&v6.sin6_addr, bytes_.data(), sizeof v6.sin6_addr);
  std::memcpy(&address, &v6, sizeof v6);
  return sizeof v6;
}

IpAddress IpAddress::unmapped() const {
  if (is_v4() || !has_prefix(IpAddress(kMappedPrefix), 8 * kMappedPrefixBytes)) return *this;
  V4Bytes v4;
  std::copy(bytes_.begin() + kMappedPrefixBytes, bytes_.end(), v4.begin());
  return IpAddress(v4);
}

bool IpAddress::has_prefix(const IpAddress& prefix, unsigned bits) const {
  if (family_ != prefix.family_) return false;
  const std::size_t whole_bytes = bits / 8;
  if (!std::equal(bytes_.begin(), bytes_.begin() + whole_bytes, prefix.bytes_.begin())) {
    return false;
  }
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const unsigned difference = bytes_[whole_bytes] ^ prefix.bytes_[whole_bytes];
  return difference >> (8 - rest) == 0;
}

bool IpAddress::is_loopback() const {
  constexpr V6Bytes kLoopbackV6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return unmapped().has_prefix(IpAddress(V4Bytes{127, 0, 0, 0}), 8) ||
         *this == IpAddress(kLoopbackV6);
}

std::string IpAddress::to_text() const {
  char text[INET6_ADDRSTRLEN];
  // Cannot fail: the family is known and the buffer is large enough for both.
  ::inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data(), text, sizeof text);
  return text;
}

}  // namespace penstock
