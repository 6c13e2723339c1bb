#pragma once

// The routes of Responses. Responses are kept for later requests unless `store` is false.

#include "sim/call.h"

namespace penstock::sim {

Result<Made> create_response(const Call& call);
// Whole, or with `stream=true` its events after `starting_after`.
Result<Made> retrieve_response(const Call& call);
Result<Made> delete_response(const Call& call);
Result<Made> cancel_response(const Call& call);
Result<Made> list_input_items(const Call& call);
Result<Made> compact_response(const Call& call);
Result<Made> count_input_tokens(const Call& call);

}  // namespace penstock::sim
