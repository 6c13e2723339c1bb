#pragma once

// Why no target of a model's route could be asked, in words.

#include <optional>
#include <string_view>

#include "core/clock.h"
#include "core/error.h"
#include "routing/plan.h"

namespace penstock::gateway {

// The error where no upstream has been asked. `model` is the name that the client has given,
// `usable_at` when a target can be asked at the earliest, if that is known.
Error no_target(std::string_view model, routing::Step::Why why, std::optional<SteadyTime> usable_at,
                SteadyTime now);

// Whether all targets that the request could go to are cooling down.
bool all_are_cooling(const routing::Plan& plan, SteadyTime now);

}  // namespace penstock::gateway
