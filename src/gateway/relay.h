#pragma once

// The relay: an upstream's answer to the client, as it arrives.
//
// One bounded buffer lies between the read and the write: nothing more is read from the upstream
// while the client has not taken what there is. A stream that waits for its next event holds no
// buffer. The client's departure ends the work at once: the caller then drops the upstream's
// connection.

#include "core/result.h"
#include "core/task.h"
#include "gateway/exchange.h"
#include "gateway/forward.h"
#include "providers/passthrough.h"

namespace penstock::gateway {

// Success: the answer is sent and complete, and the upstream's connection may be reused as far as
// it says so itself. A failure before the head was sent can still be answered; after it, the
// exchange's fail() does what is left to do.
Task<Status> relay(Exchange& exchange, providers::Passthrough& provider, Answered& answered);

}  // namespace penstock::gateway
