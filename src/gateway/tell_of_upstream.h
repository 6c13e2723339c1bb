#pragma once

// What came of an attempt, for the log (providers/upstream_report.h).

#include "core/clock.h"
#include "core/error.h"
#include "gateway/request_timeouts.h"
#include "providers/provider.h"

namespace penstock::gateway {

// Of one without an answer. Not every error is the upstream's: a client may have gone, or have
// shortened the limit that was reached.
void tell_of_failure(const providers::Provider& provider, const Error& error, Shortened limits,
                     SteadyTime now);

}  // namespace penstock::gateway
