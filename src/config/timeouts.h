#pragma once

// The time limits of one attempt, as they are in force.
//
// Each can be set in four places, of which the narrowest counts: the target, the route, the
// provider, the server.

#include <chrono>

#include "config/routing.h"

namespace penstock::config {

struct Timeouts;

// Zero: no limit.
struct AttemptTimeouts {
  std::chrono::milliseconds connect{0};
  std::chrono::milliseconds first_byte{0};     // the head of the answer
  std::chrono::milliseconds first_token{0};    // its first content, since the attempt began
  std::chrono::milliseconds between_bytes{0};  // of the answer's body
  // From the arrival of the client's request to the end of the answer, so that attempts share it.
  std::chrono::milliseconds request{0};

  bool operator==(const AttemptTimeouts&) const = default;
};

// For a request without a model route, the last two are left out.
AttemptTimeouts effective_timeouts(const Timeouts& server, const RouteTimeouts& provider,
                                   const RouteTimeouts& route = {},
                                   const RouteTimeouts& target = {});

// A head that comes after the limit of the first content is of no use: it is not waited for longer.
AttemptTimeouts with_first_byte_bounded(AttemptTimeouts timeouts);

}  // namespace penstock::config
