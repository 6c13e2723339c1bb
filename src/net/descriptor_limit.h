#pragma once

// The limit of the process's file descriptors. A gateway needs two for each open stream.

#include <cstddef>

namespace penstock::net {

// Raises the soft limit, which is often 1024, to the hard limit. Called once, at startup. Returns
// the new limit; 0 if it is unknown.
std::size_t raise_descriptor_limit();

}  // namespace penstock::net
