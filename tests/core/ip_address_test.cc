#include "core/ip_address.h"

#include <gtest/gtest.h>
#include <netdb.h>
#include <netinet/in.h>

#include <string>
#include <string_view>

namespace penstock {
namespace {

TEST(IpAddress, ReadsLiteralsAndWritesThemInTheShortestForm) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"0.0.0.0", "0.0.0.0"},
      {"192.0.2.1", "192.0.2.1"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
      {"::ffff:c000:201", "::ffff:192.0.2.1"},
      {"0000:0000:0000:0000:0000:ffff:192.168.100.200", "::ffff:192.168.100.200"},
  };
  for (const auto& [text, shortest] : cases) {
    const auto address = IpAddress::parse(text);
    ASSERT_TRUE(address.has_value()) << text;
    EXPECT_EQ(address->to_text(), shortest);
    EXPECT_EQ(IpAddress::parse(address->to_text()), address);
  }
}

TEST(IpAddress, RefusesEverySpellingThatOthersReadDifferently) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {
           ""sv,
           " "sv,
           "127.1"sv,
           "127.0.1"sv,
           "127"sv,
           "2130706433"sv,
           "0x7f.1"sv,
           "0x7f000001"sv,
           "0x7f.0x0.0x0.0x1"sv,
           "0177.0.0.1"sv,
           "017700000001"sv,
           "127.0.0.01"sv,
           "00.0.0.0"sv,
           "256.0.0.1"sv,
           "1.2.3.4.5"sv,
           "1.2.3"sv,
           "1.2.3."sv,
           ".1.2.3"sv,
           "1..2.3"sv,
           "+1.2.3.4"sv,
           "-1.2.3.4"sv,
           "127.0.0.1."sv,
           " 127.0.0.1"sv,
           "127.0.0.1 "sv,
           "127.0.0.1\n"sv,
           "127.0.0.1\0"sv,
           "127.0.0.1\0.example.com"sv,
           "127.0.0.1:80"sv,
           "\xEF\xBC\x91.2.3.4"sv,
           "127\xE3\x80\x82"
           "0.0.1"sv,  // full-width digit and full stop
           "[::1]"sv,
           "[::ffff:127.0.0.1]"sv,
           "[127.0.0.1]"sv,
           "::1]"sv,
           "fe80::1%eth0"sv,
           "fe80::1%1"sv,
           "::1%lo"sv,
           "::1/128"sv,
           ":::"sv,
           ":1::"sv,
           "1:"sv,
           "1::2::3"sv,
           "1:2:3:4:5:6:7"sv,
           "1:2:3:4:5:6:7:8:9"sv,
           "1:2:3:4:5:6:7:8::"sv,
           "12345::"sv,
           "g::1"sv,
           "::ffff:127.1"sv,
           "::ffff:0x7f.0.0.1"sv,
           "::ffff:127.0.0.01"sv,
           "::127.0.0.1:1"sv,
           "localhost"sv,
           "example.com"sv,
       }) {
    EXPECT_FALSE(IpAddress::parse(text).has_value()) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string(100'000, '1')).has_value());
}

TEST(IpAddress, UnmapsWhatIsMappedAndNothingElse) {
  EXPECT_EQ(IpAddress::parse("::ffff:127.0.0.1")->unmapped(), IpAddress::parse("127.0.0.1"));
  EXPECT_EQ(IpAddress::parse("::ffff:0:0")->unmapped(), IpAddress::parse("0.0.0.0"));
  for (const char* text : {"127.0.0.1", "::127.0.0.1", "::fffe:127.0.0.1", "::1:ffff:7f00:1",
                           "::ffff:0:7f00:1", "64:ff9b::127.0.0.1"}) {
    EXPECT_EQ(IpAddress::parse(text)->unmapped(), IpAddress::parse(text)) << text;
  }
}

TEST(IpAddress, ComparesPrefixesBitByBit) {
  const IpAddress address = IpAddress::parse("172.31.255.255").value();
  EXPECT_TRUE(address.has_prefix(IpAddress::parse("172.16.0.0").value(), 12));
  EXPECT_FALSE(address.has_prefix(IpAddress::parse("172.16.0.0").value(), 13));
  EXPECT_TRUE(address.has_prefix(IpAddress::parse("0.0.0.0").value(), 0));
  EXPECT_TRUE(address.has_prefix(address, 32));
  EXPECT_FALSE(address.has_prefix(IpAddress::parse("172.31.255.254").value(), 32));
  EXPECT_FALSE(address.has_prefix(IpAddress::parse("::").value(), 0));
  const IpAddress v6 = IpAddress::parse("febf::1").value();
  EXPECT_TRUE(v6.has_prefix(IpAddress::parse("fe80::").value(), 10));
  EXPECT_FALSE(v6.has_prefix(IpAddress::parse("fe80::").value(), 11));
  EXPECT_TRUE(v6.has_prefix(v6, 128));
}

TEST(IpAddress, KnowsWhatNeverLeavesThisMachine) {
  for (const auto* text : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(IpAddress::parse(text)->is_loopback()) << text;
  }
  for (const auto* text : {"128.0.0.1", "10.0.0.1", "::", "::2", "::ffff:10.0.0.1", "fe80::1"}) {
    EXPECT_FALSE(IpAddress::parse(text)->is_loopback()) << text;
  }
}

TEST(IpAddress, GoesThroughSocketAddresses) {
  for (const char* text : {"192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"}) {
    const IpAddress address = IpAddress::parse(text).value();
    sockaddr_storage storage;
    const socklen_t length = address.to_sockaddr(8321, storage);
    EXPECT_EQ(length, address.is_v4() ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    const auto& generic = reinterpret_cast<const sockaddr&>(storage);
    EXPECT_EQ(IpAddress::from_sockaddr(generic), address);
    // The system's own reading of it.
    char host[64];
    char service[16];
    ASSERT_EQ(::getnameinfo(&generic, length, host, sizeof host, service, sizeof service,
                            NI_NUMERICHOST | NI_NUMERICSERV),
              0);
    EXPECT_STREQ(host, text);
    EXPECT_STREQ(service, "8321");
  }
  sockaddr local{};
  local.sa_family = AF_UNIX;
  EXPECT_FALSE(IpAddress::from_sockaddr(local).has_value());
}

}  // namespace
}  // namespace penstock
