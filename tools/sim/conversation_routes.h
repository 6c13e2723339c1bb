#pragma once

// The routes of conversations.

#include "sim/call.h"

namespace penstock::sim {

Result<Made> create_conversation(const Call& call);
Result<Made> retrieve_conversation(const Call& call);
Result<Made> update_conversation(const Call& call);
Result<Made> delete_conversation(const Call& call);
Result<Made> add_conversation_items(const Call& call);
Result<Made> list_conversation_items(const Call& call);
Result<Made> retrieve_conversation_item(const Call& call);
Result<Made> delete_conversation_item(const Call& call);

// Appends what a response has read and said to the conversation that its request names, if any.
// Fails with kNotFound if there is no such conversation.
Status add_to_conversation(const Call& call, const Json& input, const Json& output);

}  // namespace penstock::sim
