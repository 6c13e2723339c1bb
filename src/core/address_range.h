#pragma once

// AddressRange: the addresses that begin with the same bits, in the notation of RFC 4632 and RFC
// 4291 section 2.3: `10.0.0.0/8`, `2001:db8::/32`. An address alone is a range of one.

#include <optional>
#include <string>
#include <string_view>

#include "core/ip_address.h"

namespace penstock {

class AddressRange {
 public:
  // Nullopt for anything else, also if bits after the prefix are set: `10.1.2.3/8` is more likely a
  // mistake than a range.
  static std::optional<AddressRange> parse(std::string_view text);

  // An IPv4-mapped IPv6 address counts as the IPv4 address in it.
  bool contains(const IpAddress& address) const {
    return address.unmapped().has_prefix(prefix_, bits_);
  }

  // As it is parsed; one address without a length.
  std::string text() const;

  bool operator==(const AddressRange&) const = default;

 private:
  AddressRange(const IpAddress& prefix, unsigned bits) : prefix_(prefix), bits_(bits) {}

  IpAddress prefix_;
  unsigned bits_;
};

}  // namespace penstock
