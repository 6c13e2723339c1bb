#include "http/trusted_peers.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>

#include "net/listener.h"

namespace penstock::http {
namespace {

using Given = std::initializer_list<std::pair<const char*, const char*>>;

// 10.0.0.0/8 and ::1 are trusted.
TrustedPeers trusted_ranges() {
  return {.ranges = {*AddressRange::parse("10.0.0.0/8"), *AddressRange::parse("::1")}};
}

std::string told_client(const char* peer, Given given) {
  Fields fields;
  for (const auto& [name, value] : given) fields.add(name, value);
  return client_of(fields, *net::resolve_listen_address(peer, 80), trusted_ranges()).text();
}

TEST(TrustedPeers, TellTheLastAddressThatIsNotTheirs) {
  EXPECT_EQ(told_client("10.0.0.1", {{"X-Forwarded-For", "192.0.2.7"}}), "192.0.2.7:0");
  EXPECT_EQ(told_client("10.0.0.1", {{"x-forwarded-for", "192.0.2.7, 10.0.0.9,10.1.1.1"}}),
            "192.0.2.7:0");
  EXPECT_EQ(told_client("::1", {{"X-Forwarded-For", "2001:db8::5"}}), "[2001:db8::5]:0");
}

// What a client writes itself comes first.
TEST(TrustedPeers, AreBelievedOnlyForWhatTheyHaveSeen) {
  EXPECT_EQ(told_client("10.0.0.1", {{"X-Forwarded-For", "127.0.0.1, 198.51.100.1, 192.0.2.7"}}),
            "192.0.2.7:0");
  EXPECT_EQ(told_client("10.0.0.1",
                        {{"X-Forwarded-For", "198.51.100.1"}, {"X-Forwarded-For", "192.0.2.7"}}),
            "192.0.2.7:0");
}

TEST(TrustedPeers, AreTheOnlyOnesThatAreBelieved) {
  EXPECT_EQ(told_client("192.0.2.1", {{"X-Forwarded-For", "198.51.100.1"}}), "192.0.2.1:80");
  EXPECT_EQ(told_client("11.0.0.1", {{"Forwarded", "for=198.51.100.1"}}), "11.0.0.1:80");
}

TEST(TrustedPeers, AreTheClientsThemselvesIfTheySayNothing) {
  EXPECT_EQ(told_client("10.0.0.1", {}), "10.0.0.1:80");
  EXPECT_EQ(told_client("10.0.0.1", {{"X-Forwarded-For", ""}}), "10.0.0.1:80");
  // A request between trusted machines.
  EXPECT_EQ(told_client("10.0.0.1", {{"X-Forwarded-For", "10.0.0.5, 10.0.0.9"}}), "10.0.0.5:0");
}

TEST(TrustedPeers, AreFollowedAsFarAsTheyNameAddresses) {
  EXPECT_EQ(told_client("10.0.0.1", {{"X-Forwarded-For", "192.0.2.7, unknown, 10.0.0.9"}}),
            "10.0.0.9:0");
  EXPECT_EQ(told_client("10.0.0.1", {{"X-Forwarded-For", "192.0.2.7, 0x7f.1"}}), "10.0.0.1:80");
}

TEST(TrustedPeers, MayNameAPort) {
  EXPECT_EQ(told_client("10.0.0.1", {{"X-Forwarded-For", "192.0.2.7:4711"}}), "192.0.2.7:4711");
  EXPECT_EQ(told_client("10.0.0.1", {{"X-Forwarded-For", "[2001:db8::5]:4711"}}),
            "[2001:db8::5]:4711");
  EXPECT_EQ(told_client("10.0.0.1", {{"X-Forwarded-For", "[2001:db8::5]"}}), "[2001:db8::5]:0");
  EXPECT_EQ(told_client("10.0.0.1", {{"X-Forwarded-For", "192.0.2.7:65536"}}), "10.0.0.1:80");
}

// RFC 7239 section 4 and 6.
TEST(TrustedPeers, MaySayItWithForwarded) {
  EXPECT_EQ(told_client("10.0.0.1", {{"Forwarded", "for=192.0.2.60;proto=http;by=203.0.113.43"}}),
            "192.0.2.60:0");
  EXPECT_EQ(told_client("10.0.0.1", {{"Forwarded", R"(For="[2001:db8:cafe::17]:4711")"}}),
            "[2001:db8:cafe::17]:4711");
  EXPECT_EQ(
      told_client("10.0.0.1", {{"Forwarded", "for=192.0.2.43, for=198.51.100.17;by=\"a,b;c\""}}),
      "198.51.100.17:0");
  EXPECT_EQ(told_client("10.0.0.1", {{"Forwarded", "for=192.0.2.43, for=_hidden, for=10.0.0.3"}}),
            "10.0.0.3:0");
  EXPECT_EQ(told_client("10.0.0.1", {{"Forwarded", "for=192.0.2.43, proto=https"}}), "10.0.0.1:80");
  EXPECT_EQ(told_client("10.0.0.1", {{"Forwarded", "for=\"192.0.2.43"}}), "10.0.0.1:80");
}

// Most load balancers write X-Forwarded-For, and pass a client's Forwarded as it came.
TEST(TrustedPeers, AreTakenByXForwardedForIfThereAreBoth) {
  EXPECT_EQ(told_client("10.0.0.1",
                        {{"Forwarded", "for=198.51.100.1"}, {"X-Forwarded-For", "192.0.2.7"}}),
            "192.0.2.7:0");
}

TEST(TrustedPeers, MayBeTheClientsOfAUnixSocket) {
  const net::SocketAddress socket = net::SocketAddress::of_unix_socket();
  Fields fields;
  fields.add("X-Forwarded-For", "192.0.2.7");
  TrustedPeers trusted;
  trusted.unix_sockets = true;
  EXPECT_EQ(client_of(fields, socket, trusted).text(), "192.0.2.7:0");
  EXPECT_EQ(client_of(fields, socket, trusted_ranges()).text(), "unix");
}

}  // namespace
}  // namespace penstock::http
