#pragma once

// What operators see of a target of the models' routes.

#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/json_writer.h"
#include "routing/router.h"
#include "routing/target.h"
#include "telemetry/target_reading.h"

namespace penstock::gateway {

// The target's name for its model; `*` if it takes the name that a request has.
std::string_view shown_model(const routing::Target& target);

// Of all targets, for a page of metrics. Any thread.
std::vector<telemetry::TargetReading> target_readings(const routing::Router& router,
                                                      SteadyTime now);

// An array of the targets that belong to that provider.
void write_targets(JsonWriter& out, const routing::Router& router, std::string_view provider_id,
                   SteadyTime now);

// Whether any target belongs to that provider; and whether any of these takes requests: it is not
// cooling, and not all of its breakers are open.
bool has_targets(const routing::Router& router, std::string_view provider_id);
bool has_usable_target(const routing::Router& router, std::string_view provider_id, SteadyTime now);

}  // namespace penstock::gateway
