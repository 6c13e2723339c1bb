#pragma once

// Asking an upstream which models it serves: GET {base_url}/models.

#include <chrono>
#include <vector>

#include "core/result.h"
#include "core/task.h"
#include "models/listing.h"
#include "net/event_loop.h"
#include "providers/passthrough.h"

namespace penstock::models {

// Longer than a list takes, shorter than anybody waits for one.
inline constexpr std::chrono::milliseconds kListTimeout{10'000};

// `data` may be null. Errors: those of connecting and receiving; kUpstreamInvalidResponse where
// the answer is not a list, and the upstream's status where it is not 200.
Task<Result<std::vector<ListedModel>>> list_models(net::EventLoop& loop,
                                                   providers::Passthrough& provider,
                                                   const providers::ProviderData* data,
                                                   SteadyTime until, net::Signal& cancel);

}  // namespace penstock::models
