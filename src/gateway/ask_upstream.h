#pragma once

// The request to an upstream: its head and its body with the edits, sent until there is an answer
// that is no redirect.

#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/task.h"
#include "gateway/exchange.h"
#include "gateway/forward.h"
#include "gateway/route_table.h"
#include "gateway/understand.h"
#include "providers/passthrough.h"

namespace penstock::gateway {

// The body is sent unchanged around the models' names. `further_models` are the upstream's names of
// those that the body names beside the first, quoted. A coroutine of its own, so that the written
// request is not kept while the answer arrives.
Task<Result<Answered>> ask_upstream(Exchange& exchange, const RouteMatch& match,
                                    providers::Passthrough& provider,
                                    const providers::Passthrough::Route& route,
                                    const providers::ProviderData* caller,
                                    const Understood& understood,
                                    std::span<const std::string> further_models);

}  // namespace penstock::gateway
