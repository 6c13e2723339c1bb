#pragma once

// The checks of fallbacks: that each leads to a model, and none back to its own route.

#include "config/decoder.h"
#include "config/draft.h"

namespace penstock::config {

// After all models and routes are known. Takes out what the file says is not served.
void settle_fallbacks(Decoder& decoder, Draft& draft);

}  // namespace penstock::config
