#pragma once

// What a fuzz target checks: a condition that does not hold ends the program.

#include <cstdlib>

namespace penstock::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace penstock::fuzz
