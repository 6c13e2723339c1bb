#pragma once

// `config.network` of a provider: TLS, timeouts and fixed headers of the connections to it.

#include <string>

#include "config/key_table.h"
#include "config/settings.h"

namespace penstock::config {

void decode_network(Decoder& decoder, const Node& node, Provider& provider);
// A boolean, or the file of trusted authorities.
void decode_verify(Decoder& decoder, const Node& node, UpstreamTls& tls);
// Converts a list of cipher suites' names to OpenSSL's form with colons.
void decode_ciphers(Decoder& decoder, const Node& node, std::string& ciphers);
void list_network_keys(const std::string& path, KnownKeys& out);

}  // namespace penstock::config
