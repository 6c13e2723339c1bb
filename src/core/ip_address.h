#pragma once

// An IPv4 or IPv6 address as a value, without port and zone.

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

class IpAddress {
 public:
  enum class Family : std::uint8_t { kV4, kV6 };
  using V4Bytes = std::array<std::uint8_t, 4>;
  using V6Bytes = std::array<std::uint8_t, 16>;

  // In network order.
  explicit IpAddress(const V4Bytes& bytes);
  explicit IpAddress(const V6Bytes& bytes);

  // Parses a literal: four decimal numbers without leading zeros, or the forms of RFC 4291 section
  // 2.2. Brackets, zones, white space, and the other forms of inet_aton(3) and getaddrinfo(3)
  // ("127.1", "0x7f.1", "2130706433", "0177.0.0.1") are refused.
  static std::optional<IpAddress> parse(std::string_view text);

  // The address of an AF_INET or AF_INET6 socket address; nullopt for other families.
  static std::optional<IpAddress> from_sockaddr(const sockaddr& address);

  // A socket address for connect() or bind(), and its length.
  socklen_t to_sockaddr(std::uint16_t port, sockaddr_storage& address) const;

  Family family() const { return family_; }
  bool is_v4() const { return family_ == Family::kV4; }

  // All 16 bytes, or the 4 of an IPv4 address followed by zeros.
  const V6Bytes& bytes() const { return bytes_; }

  // The IPv4 address inside an IPv4-mapped one (::ffff:0:0/96, RFC 4291 section 2.5.5.2), which a
  // connection to it reaches; any other address unchanged.
  IpAddress unmapped() const;

  // Whether the first `bits` bits are those of `prefix`. False for different families.
  bool has_prefix(const IpAddress& prefix, unsigned bits) const;

  // Of this machine: 127.0.0.0/8 (RFC 1122 section 3.2.1.3) and ::1, also IPv4-mapped.
  bool is_loopback() const;

  // "192.0.2.1", "2001:db8::1".
  std::string to_text() const;

  bool operator==(const IpAddress&) const = default;

 private:
  Family family_;
  V6Bytes bytes_{};
};

}  // namespace penstock
