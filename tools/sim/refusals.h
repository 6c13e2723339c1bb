#pragma once

// The bodies of refusals, in the dialect of their route.

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "core/error.h"
#include "sim/behaviour.h"
#include "sim/dialect.h"

namespace penstock::sim {

// An error object in the dialect's shape; an empty message: the status' name.
std::string error_object(Dialect dialect, int status, std::string_view message);

// The body for a behaviour with a status: its own, or an error object.
std::string refusal_body(const Behaviour& behaviour, Dialect dialect);

// The data of the event with which a stream fails: the behaviour's own body, or an error in the
// form that the dialect has within a stream. `failed_object` is the response that has failed;
// empty: the error stands alone. `sequence` is the event's number, where events have one.
std::string error_event_data(const Behaviour& behaviour, Dialect dialect,
                             std::string_view failed_object, std::uint64_t sequence);

// The error of a response that has failed, as JSON.
std::string failed_response_error(const Behaviour& behaviour);

// The simulator's own refusal of what was asked of it.
std::unexpected<Error> refusal(std::string message);

// The body of the simulator's own refusals.
std::string own_error_body(const Error& error, Dialect dialect);

// The Content-Type of a refusal's body.
std::string_view refusal_type(const Behaviour& behaviour);

}  // namespace penstock::sim
