#pragma once

// `config.network.proxy` of a provider, and the variables of the environment that stand for it.

#include <string>

#include "config/key_table.h"
#include "config/settings.h"

namespace penstock::config {

// `false`, the URL of one proxy for everything, or a mapping.
void decode_proxy(Decoder& decoder, const Node& node, Provider& provider);
void list_proxy_keys(const std::string& path, KnownKeys& out);

// The proxies that the environment names, for a provider that says nothing of them. Problems are
// reported at `place`.
void take_proxies_of_environment(Decoder& decoder, const Node& place, Provider& provider);

}  // namespace penstock::config
