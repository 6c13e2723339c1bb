#pragma once

// The relay: passes an upstream's answer to the client as it arrives.
//
// One bounded buffer lies between the read and the write: nothing more is read from the upstream
// until the client has taken it. A stream that waits for its next event holds no buffer. The
// client's departure ends the relay at once; the caller then closes the upstream's connection.

#include "core/result.h"
#include "core/task.h"
#include "gateway/exchange.h"
#include "gateway/forward.h"
#include "providers/provider.h"
#include "wire/bodies/model_names.h"

namespace penstock::gateway {

// Success: the answer was sent completely, and the upstream's exchange can be finished. A failure
// before the head was sent can still be answered; after it, the exchange's fail() does what is
// still possible.
// `names`: of models that the client has named earlier; null: it names them now.
Task<Status> relay(Exchange& exchange, providers::Provider& provider, Answered& answered,
                   const wire::ModelNames* names);

}  // namespace penstock::gateway
