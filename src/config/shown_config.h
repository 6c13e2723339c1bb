#pragma once

// A provider's `config` as GET /v1/providers shows it: as it is written, and without secrets.

#include <string>

#include "config/decoder.h"

namespace penstock::config {

// The mapping as one JSON object: only the keys that are given, in the file's order, with their
// values after substitution (null where that fails). Masked are the values of keys whose name
// speaks of a secret, wherever they stand (the reference's list of words), every header and
// query parameter, since services take their keys in any of them, and in a URL such as a proxy's
// the user's name and password.
std::string shown_config(const Decoder& decoder, const Node& map);

}  // namespace penstock::config
