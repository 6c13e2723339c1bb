#pragma once

// The number of file descriptors that the process may have: two for each open stream of a gateway.

#include <cstddef>

namespace penstock::net {

// Raises the soft limit, which is often 1024, to the hard limit. Once, at start. Returns the limit
// that then holds; 0 where it cannot be told.
std::size_t raise_descriptor_limit();

}  // namespace penstock::net
