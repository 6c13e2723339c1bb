#pragma once

// Images and speech. Both have as many bytes as the behaviour's `media_bytes` says, and mean
// nothing: an image is a PNG of one pixel with bytes after its end.

#include "sim/call.h"

namespace penstock::sim {

// Whole, or with `stream` its events, `partial_images` of them before the last one.
Result<Made> generate_images(const Call& call);

// Bytes in pieces, or events with `stream_format: sse`.
Result<Made> speak(const Call& call);

}  // namespace penstock::sim
