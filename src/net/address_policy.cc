#include "net/address_policy.h"

#include <algorithm>
#include <array>

namespace penstock::net {
namespace {

struct Range {
  IpAddress::Family family;
  IpAddress::V6Bytes prefix;  // bytes that are not given are zero
  unsigned bits;
};

constexpr auto kV4 = IpAddress::Family::kV4;
constexpr auto kV6 = IpAddress::Family::kV6;

constexpr std::array kRefused = {
    Range{kV4, {0}, 8},                  // this network (RFC 1122 section 3.2.1.3)
    Range{kV4, {10}, 8},                 // private (RFC 1918)
    Range{kV4, {100, 64}, 10},           // carrier-grade NAT (RFC 6598)
    Range{kV4, {127}, 8},                // loopback (RFC 1122 section 3.2.1.3)
    Range{kV4, {169, 254}, 16},          // link-local, cloud metadata (RFC 3927)
    Range{kV4, {172, 16}, 12},           // private (RFC 1918)
    Range{kV4, {192, 0, 0}, 24},         // IETF protocol assignments (RFC 6890)
    Range{kV4, {192, 0, 2}, 24},         // documentation (RFC 5737)
    Range{kV4, {192, 88, 99}, 24},       // 6to4 relays (RFC 7526)
    Range{kV4, {192, 168}, 16},          // private (RFC 1918)
    Range{kV4, {198, 18}, 15},           // benchmarking (RFC 2544)
    Range{kV4, {198, 51, 100}, 24},      // documentation (RFC 5737)
    Range{kV4, {203, 0, 113}, 24},       // documentation (RFC 5737)
    Range{kV4, {224}, 3},                // multicast, reserved, broadcast (RFC 5771, RFC 1112)
    Range{kV6, {0x20, 0x01, 0x00}, 23},  // IETF assignments, among them Teredo (RFC 2928, 4380)
    Range{kV6, {0x20, 0x01, 0x0D, 0xB8}, 32},  // documentation (RFC 3849)
    Range{kV6, {0x20, 0x02}, 16},              // 6to4: an IPv4 address inside (RFC 3056)
    Range{kV6, {0x3F, 0xFF, 0x00}, 20},        // documentation (RFC 9637)
};

IpAddress prefix_of(const Range& range) {
  if (range.family == kV6) return IpAddress(range.prefix);
  return IpAddress(
      IpAddress::V4Bytes{range.prefix[0], range.prefix[1], range.prefix[2], range.prefix[3]});
}

// The only IPv6 addresses that are assigned (IANA, RFC 4291 section 2.4). Outside are loopback,
// link-local, unique local and multicast addresses, and every form with an IPv4 address in it for a
// kernel or a translator: compatible, mapped, translated (RFC 2765), NAT64 (RFC 6052, 8215), and
// any that will be invented.
bool is_global_unicast(const IpAddress& address) {
  constexpr IpAddress::V6Bytes kGlobalUnicast = {0x20};
  return address.has_prefix(IpAddress(kGlobalUnicast), 3);
}

// An IPv4 address in the interface identifier, under any prefix (RFC 5214 section 6.1).
bool is_isatap(const IpAddress& address) {
  const IpAddress::V6Bytes& bytes = address.bytes();
  const bool universal_or_local = bytes[8] == 0x00 || bytes[8] == 0x02;
  return universal_or_local && bytes[9] == 0x00 && bytes[10] == 0x5E && bytes[11] == 0xFE;
}

}  // namespace

bool is_public(const IpAddress& address) {
  const IpAddress reached = address.unmapped();
  if (!reached.is_v4() && (!is_global_unicast(reached) || is_isatap(reached))) return false;
  return std::none_of(kRefused.begin(), kRefused.end(), [&](const Range& range) {
    return reached.has_prefix(prefix_of(range), range.bits);
  });
}

}  // namespace penstock::net
