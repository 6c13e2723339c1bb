#pragma once

// What the kernel reports about this process (proc(5)), read at a scrape.

#include <cstdint>
#include <optional>

namespace penstock::telemetry {

// From /proc/self/statm; nullopt if it cannot be read.
std::optional<std::uint64_t> resident_memory_bytes();

// The number of entries in /proc/self/fd, without the one that this call opens; nullopt if it
// cannot be read. Costs about a microsecond for every ten descriptors.
std::optional<std::uint64_t> open_descriptors();

}  // namespace penstock::telemetry
