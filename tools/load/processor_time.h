#pragma once

// The processor time of other processes, in nanoseconds, from the scheduler's own books
// (/proc/PID/task/*/schedstat): utime and stime count in ticks of 10 ms.

#include <chrono>
#include <span>

#include <sys/types.h>

namespace penstock::load {

// All threads of all `processes` since they began. One that has ended counts as nothing.
std::chrono::nanoseconds processor_time(std::span<const pid_t> processes);

}  // namespace penstock::load
