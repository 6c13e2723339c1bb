#pragma once

// One run of the load generator, from the first connection to the results.

#include "options.h"
#include "results.h"

namespace penstock::load {

// Gives load as the options say, in this thread, and returns when it is over. Ends at once where
// not even a first exchange succeeds. Where streams are held, writes `holding` to standard error
// when all of them are open. Throws std::system_error where the kernel refuses an event queue.
Results run(const Options& options);

}  // namespace penstock::load
