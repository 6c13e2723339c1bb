#include "config/decode_trust.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "config/scalar.h"

namespace penstock::config {
namespace {

constexpr std::string_view kUnixSockets = "unix";

}  // namespace

void decode_trusted_proxies(Decoder& decoder, const Node& node, Server& server) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  for (const Node& item : *items) {
    const auto text = decoder.text(item);
    if (!text) continue;
    const std::optional<AddressRange> range = AddressRange::parse(*text);
    if (range) {
      server.trusted_proxies.ranges.push_back(*range);
    } else if (*text == kUnixSockets || *text == "unix:") {
      server.trusted_proxies.unix_sockets = true;
    } else {
      decoder.error(item,
                    "expected an address, a range such as 10.0.0.0/8 with no bit set after its "
                    "prefix, or `unix` for the clients of a unix socket");
    }
  }
}

void decode_proxy_protocol(Decoder& decoder, const Node& node, Server& server) {
  if (node.kind == Node::Kind::kScalar) {
    if (node.text == "optional") {
      server.proxy_protocol = ProxyProtocol::kOptional;
      return;
    }
    if (const std::optional<bool> is_on = parse_boolean(node.text)) {
      server.proxy_protocol = *is_on ? ProxyProtocol::kRequired : ProxyProtocol::kOff;
      return;
    }
  }
  decoder.error(node, "expected true, false or optional");
}

void decode_socket_mode(Decoder& decoder, const Node& node, Server& server) {
  const auto text = decoder.text(node);
  if (!text) return;
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  const bool is_mode = (text->size() == 3 || (text->size() == 4 && text->starts_with('0'))) &&
                       std::ranges::all_of(*text, is_octal);
  if (!is_mode) return decoder.error(node, "expected the mode of a file in octal, such as 0660");
  server.socket_mode = static_cast<std::uint32_t>(std::stoul(*text, nullptr, 8));
}

void check_trust(Decoder& decoder, const Node& section, const Server& server) {
  const Node* protocol = decoder.given(section, "proxy_protocol");
  if (protocol != nullptr && server.proxy_protocol != ProxyProtocol::kOff &&
      server.trusted_proxies.empty()) {
    decoder.error_at_key(*protocol,
                         "nobody may send it: list the load balancers in trusted_proxies");
  }
}

}  // namespace penstock::config
