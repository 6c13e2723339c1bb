#pragma once

// AttemptScope: what one attempt has for itself. Several of an exchange may run at the same time.

#include <algorithm>
#include <chrono>

#include "config/timeouts.h"
#include "gateway/exchange.h"
#include "net/deadline.h"
#include "net/signal.h"
#include "routing/failure.h"

namespace penstock::gateway {

struct AttemptScope {
  // All of it outlives the scope.
  Exchange& exchange;
  net::Signal* stop;        // raised when nobody waits for the answer any more; never null
  net::Deadline& deadline;  // of its waits for an answer's body
  config::AttemptTimeouts timeouts;
  std::size_t provider = 0;       // position in Settings::providers
  AttemptFacts* facts = nullptr;  // of the last try; null: there is none yet

  // How far a request came that has no answer.
  routing::AttemptPhase phase_of_asking() const {
    const bool is_connected = facts != nullptr && facts->connect.has_value();
    return is_connected ? routing::AttemptPhase::kHead : routing::AttemptPhase::kConnect;
  }

  // `timeout` from now (zero: none), but not after the limit of the whole request.
  SteadyTime until(std::chrono::milliseconds timeout) const { return exchange.until(timeout); }
};

}  // namespace penstock::gateway
