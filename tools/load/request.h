#pragma once

// The parts of the request that a run repeats, built once.

#include <string>

#include "http/field_block.h"
#include "options.h"

namespace penstock::load {

// The JSON body: model, one message with a prompt of the given length, and what the options add.
std::string request_body(const Options& options);

http::FieldBlock request_fields(const Options& options);

}  // namespace penstock::load
