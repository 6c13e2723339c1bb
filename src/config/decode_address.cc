#include "config/decode_address.h"

#include "config/url.h"

namespace penstock::config {

void decode_host(Decoder& decoder, const Node& node, std::string& out) {
  const auto text = decoder.text(node);
  if (!text) return;
  if (const std::string_view socket = socket_of_host(*text); !socket.empty()) {
    const Status status = check_socket_path(socket);
    if (!status) return decoder.error(node, status.error().message);
    out = "unix:" + std::string(socket);
    return;
  }
  const auto host = parse_host(*text);
  if (host) {
    out = *host;
  } else {
    decoder.error(node, host.error().message);
  }
}

}  // namespace penstock::config
