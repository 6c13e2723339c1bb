#pragma once

// The checks of routes that need the whole file: against each other, and against the models.

#include "config/decoder.h"
#include "config/draft.h"

namespace penstock::config {

// `root` is the whole document. After settle_models(). Takes out of fallbacks what the file says is
// not served.
void settle_routing(Decoder& decoder, const Node& root, Draft& draft);

}  // namespace penstock::config
