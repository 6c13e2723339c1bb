#include "net/address_policy.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock::net {
namespace {

// The first and last address of a refused range, and its public neighbours; empty if the neighbour
// is refused for another reason or does not exist.
struct RefusedRange {
  const char* before;
  const char* first;
  const char* last;
  const char* after;
};

constexpr RefusedRange kRanges[] = {
    {"", "0.0.0.0", "0.255.255.255", "1.0.0.0"},
    {"9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"},
    {"100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"},
    {"126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"},
    {"169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"},
    {"172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"},
    {"191.255.255.255", "192.0.0.0", "192.0.0.255", "192.0.1.0"},
    {"192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"},
    {"192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"},
    {"192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"},
    {"198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"},
    {"198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"},
    {"203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"},
    {"223.255.255.255", "224.0.0.0", "255.255.255.255", ""},
    // Only 2000::/3 is assigned.
    {"", "::", "::fffe:ffff:ffff", "2000::"},
    {"", "::ffff:0:0:0", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"},
    {"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     ""},
    {"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:200::"},
    {"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff",
     "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
    {"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "2003::"},
    {"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
     "3fff:1000::"},
};

bool is_public_text(const std::string& text) {
  const auto address = IpAddress::parse(text);
  EXPECT_TRUE(address.has_value()) << text;
  return address && is_public(*address);
}

TEST(AddressPolicy, RefusesEveryRangeFromItsFirstToItsLastAddressAndNoFurther) {
  for (const RefusedRange& range : kRanges) {
    EXPECT_FALSE(is_public_text(range.first)) << range.first;
    EXPECT_FALSE(is_public_text(range.last)) << range.last;
    for (const std::string neighbour : {range.before, range.after}) {
      if (neighbour.empty()) continue;
      EXPECT_TRUE(is_public_text(neighbour)) << neighbour;
    }
  }
}

TEST(AddressPolicy, JudgesAMappedAddressAsTheAddressInIt) {
  for (const RefusedRange& range : kRanges) {
    if (std::string_view(range.first).find(':') != std::string_view::npos) continue;
    const std::string mapped = "::ffff:";
    EXPECT_FALSE(is_public_text(mapped + range.first));
    EXPECT_FALSE(is_public_text(mapped + range.last));
  }
  EXPECT_TRUE(is_public_text("::ffff:8.8.8.8"));
}

// reported-failures E1, faults-measured 14: whatever a kernel, a translator or a tunnel may map
// inward.
TEST(AddressPolicy, RefusesEveryFormThatCarriesAnotherAddressInward) {
  for (const char* text :
       {// IPv4-compatible, mapped and translated
        "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe", "::ffff:0:127.0.0.1", "::ffff:0:169.254.169.254", "::ffff:0:7f00:1",
        "::ffff:0:8.8.8.8", "::fffe:127.0.0.1",
        // NAT64, the well-known prefix and the local one
        "64:ff9b::127.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b::8.8.8.8",
        "64:ff9b:1::a9fe:a9fe", "64:ff9b:1:ffff::1", "64:ff9b:2::7f00:1",
        // 6to4, Teredo, ISATAP
        "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001::1",
        "2607:f8b0::5efe:127.0.0.1", "2607:f8b0::200:5efe:7f00:1", "fe80::5efe:10.0.0.1"}) {
    EXPECT_FALSE(is_public_text(text)) << text;
  }
}

TEST(AddressPolicy, RefusesWellKnownWaysInside) {
  for (const char* text : {"127.0.0.1",
                           "::1",
                           "::",
                           "0.0.0.0",
                           "0.1.2.3",
                           "169.254.169.254",
                           "fd00:ec2::254",
                           "100.100.100.200",
                           "192.0.0.192",
                           "255.255.255.255",
                           "240.0.0.1",
                           "198.18.0.1",
                           "fe80::1",
                           "febf::1",
                           "fec0::1",
                           "fd00::1",
                           "fc00::1",
                           "ff02::1",
                           "ff0e::1",
                           "100::1",
                           "5f00::1"}) {
    EXPECT_FALSE(is_public_text(text)) << text;
  }
}

TEST(AddressPolicy, AllowsAddressesOfPublicServices) {
  for (const char* text :
       {"1.1.1.1", "8.8.8.8", "104.18.6.192", "2606:4700:4700::1111", "2001:4860:4860::8888",
        "2a00:1450:4001:81b::200e", "2607:f8b0::200:5eff:7f00:1"}) {
    EXPECT_TRUE(is_public_text(text)) << text;
  }
}

}  // namespace
}  // namespace penstock::net
