#pragma once

// What the test's own process holds, as Linux tells it under /proc/self.

#include <cstddef>

namespace penstock::testing {

std::size_t open_descriptors();
std::size_t resident_bytes();

}  // namespace penstock::testing
