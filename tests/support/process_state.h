#pragma once

// The resources of the test's own process, from Linux and the allocator.

#include <cstddef>

namespace penstock::testing {

std::size_t open_descriptors();
std::size_t resident_bytes();
// What malloc has allocated and not freed, in all threads.
std::size_t allocated_bytes();

}  // namespace penstock::testing
