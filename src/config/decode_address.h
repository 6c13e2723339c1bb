#pragma once

// Where a listener listens.

#include <string>

#include "config/decoder.h"

namespace penstock::config {

// A host (config/url.h), or a unix socket as `unix:PATH`.
void decode_host(Decoder& decoder, const Node& node, std::string& out);

}  // namespace penstock::config
