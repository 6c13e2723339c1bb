#pragma once

// The time limits of one attempt, as they are in force.

#include <chrono>

namespace penstock::config {

// Zero: no limit.
struct AttemptTimeouts {
  std::chrono::milliseconds connect{0};
  std::chrono::milliseconds first_byte{0};     // the head of the answer
  std::chrono::milliseconds first_token{0};    // its first content, since the attempt began
  std::chrono::milliseconds between_bytes{0};  // of the answer's body
};

}  // namespace penstock::config
