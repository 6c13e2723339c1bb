#pragma once

// `server.trusted_proxies`, `server.proxy_protocol` and `server.socket_mode`.

#include "config/decoder.h"
#include "config/settings.h"

namespace penstock::config {

void decode_trusted_proxies(Decoder& decoder, const Node& node, Server& server);
void decode_proxy_protocol(Decoder& decoder, const Node& node, Server& server);
void decode_socket_mode(Decoder& decoder, const Node& node, Server& server);
// What these say together. `section` is `server`.
void check_trust(Decoder& decoder, const Node& section, const Server& server);

}  // namespace penstock::config
