#include "http/trusted_peers.h"

#include <algorithm>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>

#include "core/ip_address.h"
#include "core/text.h"

namespace penstock::http {
namespace {

using Entries = std::vector<std::string>;

// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
std::optional<net::SocketAddress> address_of(std::string_view text) {
  std::string_view host = text;
  std::uint16_t port = 0;
  const std::size_t colon = text.rfind(':');
  const bool has_port = colon != std::string_view::npos &&
                        (text.find(':') == colon || (colon > 0 && text[colon - 1] == ']'));
  if (has_port) {
    const std::optional<std::uint64_t> number = parse_decimal(text.substr(colon + 1));
    if (!number || *number > 65535) return std::nullopt;
    port = static_cast<std::uint16_t>(*number);
    host = text.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const std::optional<IpAddress> address = IpAddress::parse(host);
  if (!address) return std::nullopt;
  sockaddr_storage storage;
  const socklen_t length = address->unmapped().to_sockaddr(port, storage);
  return net::SocketAddress(reinterpret_cast<const sockaddr*>(&storage), length);
}

// Up to the first `separator` outside of quotes, which is taken as well.
std::string_view take_until(std::string_view& text, char separator) {
  bool is_quoted = false;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (text[end] == '"') is_quoted = !is_quoted;
    if (is_quoted && text[end] == '\\') ++end;
    if (!is_quoted && text[end] == separator) break;
  }
  end = std::min(end, text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trim(part);
}

std::string unquoted(std::string_view value) {
  if (value.size() < 2 || !value.starts_with('"') || !value.ends_with('"')) {
    return std::string(value);
  }
  std::string out;
  value = value.substr(1, value.size() - 2);
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (value[at] == '\\' && at + 1 < value.size()) ++at;
    out.push_back(value[at]);
  }
  return out;
}

// `for` of an element of Forwarded; empty if it has none.
std::string forwarded_for(std::string_view element) {
  constexpr std::string_view kFor = "for=";
  while (!element.empty()) {
    const std::string_view pair = take_until(element, ';');
    if (starts_with_ignoring_case(pair, kFor)) return unquoted(pair.substr(kFor.size()));
  }
  return {};
}

Entries entries_of(const Fields& fields, std::string_view name, bool is_forwarded) {
  Entries entries;
  for (const Field& field : fields) {
    if (!equals_ignoring_case(field.name, name)) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::string_view element = take_until(rest, ',');
      if (element.empty()) continue;
      entries.push_back(is_forwarded ? forwarded_for(element) : std::string(element));
    }
  }
  return entries;
}

}  // namespace

bool TrustedPeers::trusts(const net::SocketAddress& address) const {
  if (address.is_unix()) return unix_sockets;
  const std::optional<IpAddress> ip = IpAddress::from_sockaddr(*address.data());
  return ip && std::ranges::any_of(ranges,
                                   [&](const AddressRange& range) { return range.contains(*ip); });
}

net::SocketAddress client_of(const Fields& fields, const net::SocketAddress& peer,
                             const TrustedPeers& trusted) {
  net::SocketAddress client = peer;
  if (!trusted.trusts(peer)) return client;
  Entries entries = entries_of(fields, "X-Forwarded-For", false);
  if (entries.empty()) entries = entries_of(fields, "Forwarded", true);
  for (const std::string& entry : entries | std::views::reverse) {
    const std::optional<net::SocketAddress> told = address_of(entry);
    if (!told) break;
    client = *told;
    if (!trusted.trusts(client)) break;
  }
  return client;
}

}  // namespace penstock::http
