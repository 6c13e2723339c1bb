#pragma once

// What the test's own process holds, as Linux and its allocator tell it.

#include <cstddef>

namespace penstock::testing {

std::size_t open_descriptors();
std::size_t resident_bytes();
// What malloc has given out and not got back, all threads together.
std::size_t allocated_bytes();

}  // namespace penstock::testing
