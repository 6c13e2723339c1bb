#pragma once

// The relay: passes an upstream's answer to the client as it arrives.
//
// One bounded buffer lies between the read and the write: nothing more is read from the upstream
// until the client has taken it. A stream that waits for its next event holds no buffer. The
// client's departure ends the relay at once; the caller then closes the upstream's connection.

#include "core/result.h"
#include "core/task.h"
#include "gateway/exchange.h"
#include "gateway/upstream_answer.h"

namespace penstock::gateway {

// Success: the answer was sent completely, and the connection was given back. A failure before the
// head was sent can still be answered; after it, the exchange's fail() does what is still possible.
Task<Status> relay(Exchange& exchange, UpstreamAnswer& answer);

}  // namespace penstock::gateway
