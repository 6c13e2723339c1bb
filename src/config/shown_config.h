#pragma once

// A provider's `config` as GET /v1/providers shows it: as written, without secrets.

#include <string>

#include "config/decoder.h"

namespace penstock::config {

// The mapping as one JSON object: only the given keys, in the file's order, with their values after
// substitution (null if that fails). Masks the values of keys whose name suggests a secret,
// anywhere (the reference's list of words), every header and query parameter, since services take
// their keys in any of them, and the user name and password in a URL such as a proxy's.
std::string shown_config(const Decoder& decoder, const Node& map);

}  // namespace penstock::config
