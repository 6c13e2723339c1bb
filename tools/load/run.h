#pragma once

// One run of the load generator, from the first connection to the results.

#include "options.h"
#include "results.h"

namespace penstock::load {

// Generates load as the options say, on this thread, and returns when it is over. Ends at once if
// the first exchange fails. If streams are held, writes `holding` to standard error when all of
// them are open. Throws std::system_error if the kernel refuses an event queue.
Results run(const Options& options);

}  // namespace penstock::load
