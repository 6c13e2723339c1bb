#pragma once

// The bodies of refusals.

#include <string>
#include <string_view>

#include "sim/behaviour.h"

namespace penstock::sim {

// The body for a behaviour with a status, or with error_after_tokens: its own, or an error object
// in OpenAI's shape.
std::string refusal_body(const Behaviour& behaviour);

// The Content-Type of such a body.
std::string_view refusal_type(const Behaviour& behaviour);

}  // namespace penstock::sim
