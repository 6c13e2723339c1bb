#pragma once

// What the server says about itself: providers with their health, routes, version. The shapes are
// the reference's (wire notes in docs/compatibility.md).

#include <string>
#include <string_view>

#include "core/task.h"
#include "gateway/exchange.h"

namespace penstock::gateway {

Task<void> list_providers(Exchange& exchange);
Task<void> show_provider(Exchange& exchange, const std::string& id);
// `query` may hold `api_filter=`: v1 and nothing shows all; v1alpha, v1beta and deprecated show
// none, since no such routes are served; another word is a 400.
Task<void> list_routes(Exchange& exchange, std::string_view query);
Task<void> show_version(Exchange& exchange);

}  // namespace penstock::gateway
