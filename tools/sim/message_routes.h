#pragma once

// The routes of Messages. A batch is processed when it is created, and ended when it is first
// asked for.

#include "sim/call.h"

namespace penstock::sim {

Result<Made> create_message(const Call& call);
Result<Made> count_message_tokens(const Call& call);
Result<Made> create_message_batch(const Call& call);
Result<Made> list_message_batches(const Call& call);
Result<Made> retrieve_message_batch(const Call& call);
Result<Made> cancel_message_batch(const Call& call);
Result<Made> delete_message_batch(const Call& call);
Result<Made> message_batch_results(const Call& call);

}  // namespace penstock::sim
