#pragma once

// What came of an attempt at a target, as metrics and the access log call it: `ok`, the class of
// its failure (routing/failure.h), or `hedge_lost`.

#include <string>
#include <string_view>
#include <vector>

#include "gateway/exchange_facts.h"
#include "telemetry/labels.h"

namespace penstock::gateway {

// All outcomes, for telemetry::RoutingOptions.
std::vector<std::string> outcome_names();

// Of an attempt that has ended.
telemetry::OutcomeId outcome_of(const TargetAttemptFacts& attempt);
std::string_view outcome_name(const TargetAttemptFacts& attempt);

// Of one that began beside another.
telemetry::HedgeResult hedge_result_of(const TargetAttemptFacts& attempt);

}  // namespace penstock::gateway
