#include "net/proxy_header.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/ip_address.h"
#include "core/text.h"

namespace penstock::net {
namespace {

using Kind = ProxyHeader::Kind;
using namespace std::string_view_literals;

// Version 1 is a line of at most 107 bytes (section 2.1).
constexpr std::string_view kTextMark = "PROXY ";
constexpr std::size_t kLineBytesMax = 107;
constexpr std::string_view kLineEnd = "\r\n";

// Version 2 is binary (section 2.2): the mark, version and command, family and transport, and the
// length of the rest in network order.
constexpr std::string_view kBinaryMark = "\r\n\r\n\0\r\nQUIT\n"sv;
constexpr std::size_t kFixedBytes = 16;
constexpr unsigned kLocal = 0x20;
constexpr unsigned kProxied = 0x21;

// The halves of the byte for family and transport.
constexpr unsigned kUnspecified = 0x0;
constexpr unsigned kIpv4 = 0x1;
constexpr unsigned kIpv6 = 0x2;
constexpr unsigned kUnix = 0x3;
constexpr unsigned kDatagram = 0x2;

ProxyHeader only(Kind kind) {
  return {.kind = kind, .bytes = 0, .source = std::nullopt};
}

SocketAddress socket_address(const IpAddress& address, std::uint16_t port) {
  sockaddr_storage storage;
  const socklen_t length = address.to_sockaddr(port, storage);
  return SocketAddress(reinterpret_cast<const sockaddr*>(&storage), length);
}

// Without sign and leading zeros.
std::optional<std::uint16_t> port_of(std::string_view text) {
  if (text.size() > 1 && text.starts_with('0')) return std::nullopt;
  const std::optional<std::uint64_t> port = parse_decimal(text);
  if (!port || *port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*port);
}

// `TCP4 192.0.2.1 198.51.100.2 56324 443`: exactly one space between two words.
std::optional<SocketAddress> source_of_line(std::string_view line) {
  std::array<std::string_view, 5> words;
  std::size_t count = 0;
  for (;;) {
    if (count == words.size()) return std::nullopt;
    const std::size_t end = line.find(' ');
    words[count++] = line.substr(0, end);
    if (end == std::string_view::npos) break;
    line.remove_prefix(end + 1);
  }
  if (count != words.size() || (words[0] != "TCP4" && words[0] != "TCP6")) return std::nullopt;
  const bool is_v4 = words[0] == "TCP4";
  const std::optional<IpAddress> source = IpAddress::parse(words[1]);
  const std::optional<IpAddress> destination = IpAddress::parse(words[2]);
  const std::optional<std::uint16_t> port = port_of(words[3]);
  if (!source || !destination || !port || !port_of(words[4])) return std::nullopt;
  if (source->is_v4() != is_v4 || destination->is_v4() != is_v4) return std::nullopt;
  return socket_address(*source, *port);
}

ProxyHeader read_line(std::string_view bytes) {
  const std::size_t end = bytes.substr(0, kLineBytesMax).find(kLineEnd);
  if (end == std::string_view::npos) {
    return only(bytes.size() < kLineBytesMax ? Kind::kIncomplete : Kind::kMalformed);
  }
  const std::string_view line = bytes.substr(kTextMark.size(), end - kTextMark.size());
  ProxyHeader header{.kind = Kind::kComplete, .bytes = end + kLineEnd.size(), .source = {}};
  // What follows is to be ignored.
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return header;
  header.source = source_of_line(line);
  return header.source ? header : only(Kind::kMalformed);
}

// The first address of the block of that family, whose port follows both addresses.
template <std::size_t Size>
SocketAddress source_of_block(std::string_view block) {
  std::array<std::uint8_t, Size> address;
  std::memcpy(address.data(), block.data(), Size);
  const auto high = static_cast<unsigned char>(block[2 * Size]);
  const auto low = static_cast<unsigned char>(block[2 * Size + 1]);
  return socket_address(IpAddress(address), static_cast<std::uint16_t>(high << 8 | low));
}

ProxyHeader read_binary(std::string_view bytes) {
  if (bytes.size() < kFixedBytes) return only(Kind::kIncomplete);
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  const unsigned command = byte(12);
  if (command != kLocal && command != kProxied) return only(Kind::kMalformed);
  const std::size_t length = static_cast<std::size_t>(byte(14)) << 8 | byte(15);
  if (kFixedBytes + length > ProxyHeader::kBytesMax) return only(Kind::kTooLarge);
  if (bytes.size() < kFixedBytes + length) return only(Kind::kIncomplete);
  ProxyHeader header{.kind = Kind::kComplete, .bytes = kFixedBytes + length, .source = {}};
  if (command == kLocal) return header;
  const unsigned family = byte(13) >> 4;
  const unsigned transport = byte(13) & 0xF;
  if (family > kUnix || transport > kDatagram) return only(Kind::kMalformed);
  // Two addresses, and two ports if they have ports.
  constexpr std::array<std::size_t, 4> kAddressBytes = {0, 12, 36, 216};
  if (length < kAddressBytes[family]) return only(Kind::kMalformed);
  const std::string_view block = bytes.substr(kFixedBytes, length);
  const bool is_told = transport != kUnspecified;
  if (family == kIpv4 && is_told) header.source = source_of_block<4>(block);
  if (family == kIpv6 && is_told) header.source = source_of_block<16>(block);
  return header;
}

bool begins_like(std::string_view bytes, std::string_view mark) {
  return bytes.substr(0, mark.size()) == mark.substr(0, bytes.size());
}

}  // namespace

ProxyHeader read_proxy_header(std::string_view bytes) {
  if (begins_like(bytes, kBinaryMark)) return read_binary(bytes);
  if (!begins_like(bytes, kTextMark)) return only(Kind::kNone);
  return bytes.size() < kTextMark.size() ? only(Kind::kIncomplete) : read_line(bytes);
}

}  // namespace penstock::net
