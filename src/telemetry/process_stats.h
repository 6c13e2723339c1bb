#pragma once

// What the kernel says of this process (proc(5)), read at a scrape.

#include <cstdint>
#include <optional>

namespace penstock::telemetry {

// From /proc/self/statm; nothing where it cannot be read.
std::optional<std::uint64_t> resident_memory_bytes();

// The entries of /proc/self/fd without the one that this call opens; nothing where it cannot be
// read. Costs about a microsecond for every ten descriptors.
std::optional<std::uint64_t> open_descriptors();

}  // namespace penstock::telemetry
