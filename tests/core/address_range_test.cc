#include "core/address_range.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

bool is_in(const char* range, const char* address) {
  const auto parsed = AddressRange::parse(range);
  EXPECT_TRUE(parsed) << range;
  return parsed && parsed->contains(*IpAddress::parse(address));
}

TEST(AddressRange, ContainsTheAddressesWithItsPrefix) {
  EXPECT_TRUE(is_in("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(is_in("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(is_in("192.168.4.0/22", "192.168.7.255"));
  EXPECT_FALSE(is_in("192.168.4.0/22", "192.168.8.0"));
  EXPECT_TRUE(is_in("0.0.0.0/0", "203.0.113.9"));
  EXPECT_TRUE(is_in("fd00::/8", "fdff::1"));
  EXPECT_FALSE(is_in("fd00::/8", "fe80::1"));
  EXPECT_TRUE(is_in("::/0", "2001:db8::1"));
}

TEST(AddressRange, OfOneAddressContainsItAlone) {
  EXPECT_TRUE(is_in("127.0.0.1", "127.0.0.1"));
  EXPECT_FALSE(is_in("127.0.0.1", "127.0.0.2"));
  EXPECT_TRUE(is_in("::1", "::1"));
}

TEST(AddressRange, TellsTheFamiliesApartButReadsMappedAddresses) {
  EXPECT_FALSE(is_in("0.0.0.0/0", "::1"));
  EXPECT_FALSE(is_in("::/0", "127.0.0.1"));
  EXPECT_TRUE(is_in("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_TRUE(is_in("::ffff:10.1.2.3", "10.1.2.3"));
}

TEST(AddressRange, RefusesWhatIsNoRange) {
  for (const char* text :
       {"", "10", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8", "10.1.2.3/8",
        "::1/129", "fd00::1/8", "host", "[::1]", "10.0.0.0/ 8", "/8", "10.0.0.0/255.0.0.0"}) {
    EXPECT_FALSE(AddressRange::parse(text)) << text;
  }
}

TEST(AddressRange, IsWrittenAsItIsRead) {
  for (const char* text : {"10.0.0.0/8", "127.0.0.1", "::1", "fd00::/8", "0.0.0.0/0", "::/0"}) {
    EXPECT_EQ(AddressRange::parse(text)->text(), text);
  }
}

}  // namespace
}  // namespace penstock
