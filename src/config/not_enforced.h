#pragma once

// What the configuration may say although nothing of this version enforces it. Nobody should rely
// on it unwarned.

#include "config/decoder.h"

namespace penstock::config {

// One warning for each such key that says something.
void warn_of_what_is_not_enforced(Decoder& decoder, const Node& root);

}  // namespace penstock::config
