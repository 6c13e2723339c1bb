#pragma once

// The routes whose requests are passed to an upstream, as a table.
//
// OpenAI's API (platform.openai.com/docs/api-reference), Anthropic's Messages
// (docs.anthropic.com/en/api), and what inference servers add to them.

#include <span>

#include "gateway/route.h"
#include "gateway/upstreams.h"

namespace penstock::gateway {

std::span<const RouteRow<Upstreams>> api_routes();

}  // namespace penstock::gateway
