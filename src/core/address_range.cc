#include "core/address_range.h"

#include <cstddef>
#include <cstdint>

#include "core/text.h"

namespace penstock {
namespace {

unsigned bits_of(const IpAddress& address) {
  return address.is_v4() ? 32 : 128;
}

bool has_bits_after(const IpAddress& address, unsigned bits) {
  for (unsigned at = bits; at < bits_of(address); ++at) {
    const unsigned byte = address.bytes()[at / 8];
    if ((byte >> (7 - at % 8) & 1) != 0) return true;
  }
  return false;
}

}  // namespace

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<IpAddress> address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) {
    const IpAddress alone = address->unmapped();
    return AddressRange(alone, bits_of(alone));
  }
  const std::optional<std::uint64_t> bits = parse_decimal(text.substr(slash + 1));
  if (!bits || *bits > bits_of(*address)) return std::nullopt;
  const auto length = static_cast<unsigned>(*bits);
  if (has_bits_after(*address, length)) return std::nullopt;
  return AddressRange(*address, length);
}

std::string AddressRange::text() const {
  std::string out = prefix_.to_text();
  if (bits_ < bits_of(prefix_)) out += "/" + std::to_string(bits_);
  return out;
}

}  // namespace penstock
