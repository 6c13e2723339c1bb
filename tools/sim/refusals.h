#pragma once

// The bodies of answers that are no answers.

#include <string>
#include <string_view>

#include "sim/behaviour.h"

namespace penstock::sim {

// What a behaviour with a status, or with error_after_tokens, says: its own body, or an error
// object in OpenAI's shape.
std::string refusal_body(const Behaviour& behaviour);

// The Content-Type of such a body.
std::string_view refusal_type(const Behaviour& behaviour);

}  // namespace penstock::sim
