// The headers are those of the specification, section 2, and what load balancers are known to send.

#include "net/proxy_header.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace penstock::net {
namespace {

using HeaderKind = ProxyHeader::Kind;
using namespace std::string_view_literals;

constexpr std::string_view kMark = "\r\n\r\n\0\r\nQUIT\n"sv;

// 192.0.2.1:56324 to 198.51.100.2:443.
constexpr std::string_view kIpv4Block = "\xC0\x00\x02\x01\xC6\x33\x64\x02\xDC\x04\x01\xBB"sv;
// [2001:db8::1]:56324 to [2001:db8::2]:443.
constexpr std::string_view kIpv6Block =
    "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x01"
    "\x20\x01\x0D\xB8\0\0\0\0\0\0\0\0\0\0\0\x02"
    "\xDC\x04\x01\xBB"sv;

std::string binary(char command, char family, std::string_view block) {
  std::string header(kMark);
  header.push_back(command);
  header.push_back(family);
  header.push_back(static_cast<char>(block.size() >> 8));
  header.push_back(static_cast<char>(block.size() & 0xFF));
  return header.append(block);
}

std::string source_of(std::string_view bytes) {
  const ProxyHeader header = read_proxy_header(bytes);
  if (header.kind != HeaderKind::kComplete) return "not complete";
  return header.source ? header.source->text() : "itself";
}

TEST(ProxyHeader, OfVersion1NamesTheSource) {
  EXPECT_EQ(source_of("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\nGET / HTTP/1.1\r\n"),
            "192.168.0.1:56324");
  EXPECT_EQ(source_of("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"),
            "255.255.255.255:65535");
  EXPECT_EQ(source_of("PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n"), "[2001:db8::1]:56324");
  EXPECT_EQ(source_of("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
                      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
            "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
  EXPECT_EQ(source_of("PROXY TCP4 192.0.2.1 192.0.2.2 0 0\r\n"), "192.0.2.1:0");
}

TEST(ProxyHeader, OfVersion1MayLeaveItToTheConnection) {
  EXPECT_EQ(source_of("PROXY UNKNOWN\r\n"), "itself");
  // The longest header there is.
  EXPECT_EQ(source_of("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
                      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"),
            "itself");
}

TEST(ProxyHeader, OfVersion2NamesTheSource) {
  EXPECT_EQ(source_of(binary('\x21', '\x11', kIpv4Block)), "192.0.2.1:56324");
  EXPECT_EQ(source_of(binary('\x21', '\x21', kIpv6Block)), "[2001:db8::1]:56324");
}

TEST(ProxyHeader, OfVersion2MayLeaveItToTheConnection) {
  // LOCAL: whatever the rest says, as HAProxy's health checks.
  EXPECT_EQ(source_of(binary('\x20', '\x00', "")), "itself");
  EXPECT_EQ(source_of(binary('\x20', '\x11', kIpv4Block)), "itself");
  EXPECT_EQ(source_of(binary('\x20', '\x7F', "anything")), "itself");
  EXPECT_EQ(source_of(binary('\x21', '\x00', "")), "itself");
  EXPECT_EQ(source_of(binary('\x21', '\x31', std::string(216, '/'))), "itself");
}

TEST(ProxyHeader, EndsBehindItsExtensions) {
  // PP2_TYPE_AUTHORITY "example.org", and AWS's id of an endpoint.
  std::string block(kIpv4Block);
  block.append("\x02\x00\x0B"sv).append("example.org");
  block.append("\xEA\x00\x17\x01vpce-08d2bf15fac5001c9"sv);
  const std::string header = binary('\x21', '\x11', block);
  const ProxyHeader read = read_proxy_header(header + "GET / HTTP/1.1\r\n");
  EXPECT_EQ(read.kind, HeaderKind::kComplete);
  EXPECT_EQ(read.bytes, header.size());
  EXPECT_EQ(read.source->text(), "192.0.2.1:56324");
}

TEST(ProxyHeader, IsIncompleteUntilItsLastByte) {
  for (const std::string& header :
       {std::string("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"), binary('\x21', '\x11', kIpv4Block),
        binary('\x20', '\x00', "")}) {
    for (std::size_t size = 0; size < header.size(); ++size) {
      EXPECT_EQ(read_proxy_header(header.substr(0, size)).kind, HeaderKind::kIncomplete) << size;
    }
    EXPECT_EQ(read_proxy_header(header).kind, HeaderKind::kComplete);
    EXPECT_EQ(read_proxy_header(header).bytes, header.size());
  }
}

TEST(ProxyHeader, IsNoneWhereSomethingElseBegins) {
  for (const std::string_view other :
       {"GET / HTTP/1.1\r\n"sv, "\x16\x03\x01"sv, "P0"sv, "PROXy "sv, "\r\n\r\nG"sv, "\0"sv}) {
    EXPECT_EQ(read_proxy_header(other).kind, HeaderKind::kNone) << other;
  }
}

TEST(ProxyHeader, OfVersion1IsReadStrictly) {
  for (const std::string_view line :
       {"PROXY \r\n"sv, "PROXY TCP4\r\n"sv, "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n"sv,
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n"sv, "PROXY TCP4 192.0.2.1  192.0.2.2 1 2\r\n"sv,
        "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n"sv, "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n"sv,
        "PROXY TCP4 ::1 ::2 1 2\r\n"sv, "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n"sv,
        "PROXY TCP4 192.0.2.1 ::2 1 2\r\n"sv, "PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n"sv,
        "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n"sv, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n"sv,
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 -2\r\n"sv, "PROXY TCP4 0300.0.2.1 192.0.2.2 1 2\r\n"sv,
        "PROXY UNKNOWNS\r\n"sv}) {
    EXPECT_EQ(read_proxy_header(line).kind, HeaderKind::kMalformed) << line;
  }
}

TEST(ProxyHeader, OfVersion1HasAnEndWithin107Bytes) {
  const std::string endless = "PROXY UNKNOWN " + std::string(93, 'x');
  EXPECT_EQ(endless.size(), 107u);
  EXPECT_EQ(read_proxy_header(endless.substr(0, 106)).kind, HeaderKind::kIncomplete);
  EXPECT_EQ(read_proxy_header(endless).kind, HeaderKind::kMalformed);
  EXPECT_EQ(read_proxy_header(endless + "\r\n").kind, HeaderKind::kMalformed);
}

TEST(ProxyHeader, OfVersion2IsReadStrictly) {
  EXPECT_EQ(read_proxy_header(binary('\x11', '\x11', kIpv4Block)).kind, HeaderKind::kMalformed);
  EXPECT_EQ(read_proxy_header(binary('\x22', '\x11', kIpv4Block)).kind, HeaderKind::kMalformed);
  EXPECT_EQ(read_proxy_header(binary('\x21', '\x41', kIpv4Block)).kind, HeaderKind::kMalformed);
  EXPECT_EQ(read_proxy_header(binary('\x21', '\x13', kIpv4Block)).kind, HeaderKind::kMalformed);
  EXPECT_EQ(read_proxy_header(binary('\x21', '\x11', kIpv4Block.substr(1))).kind,
            HeaderKind::kMalformed);
  EXPECT_EQ(read_proxy_header(binary('\x21', '\x21', kIpv4Block)).kind, HeaderKind::kMalformed);
  EXPECT_EQ(read_proxy_header(binary('\x21', '\x31', kIpv6Block)).kind, HeaderKind::kMalformed);
}

TEST(ProxyHeader, OfVersion2IsRefusedByItsLengthBeforeItArrives) {
  const std::string largest = binary('\x21', '\x11', std::string(4096 - 16, 'x'));
  EXPECT_EQ(read_proxy_header(largest).kind, HeaderKind::kComplete);
  const std::string larger = binary('\x21', '\x11', std::string(4096 - 15, 'x'));
  EXPECT_EQ(read_proxy_header(larger.substr(0, 16)).kind, HeaderKind::kTooLarge);
}

}  // namespace
}  // namespace penstock::net
