#pragma once

// The request that a run repeats, built once.

#include <string>

#include "options.h"

namespace penstock::load {

// The JSON body: model, one message with a prompt of the given length, and what the options add.
std::string request_body(const Options& options);

// The whole request, head and body, as it is written to each connection.
std::string request_bytes(const Options& options);

}  // namespace penstock::load
