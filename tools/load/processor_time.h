#pragma once

// The processor time of other processes, in nanoseconds, from the scheduler's accounting
// (/proc/PID/task/*/schedstat): utime and stime count in ticks of 10 ms.

#include <chrono>
#include <span>

#include <sys/types.h>

namespace penstock::load {

// The total of all threads of all `processes` since their start; zero for one that has ended.
std::chrono::nanoseconds processor_time(std::span<const pid_t> processes);

}  // namespace penstock::load
