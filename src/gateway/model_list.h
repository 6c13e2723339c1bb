#pragma once

// The list of models for GET /v1/models: rendered once for each catalog, a slice at a time, and
// shared by every answer that is being sent. Its credentials are masked.

#include <memory>
#include <string>
#include <vector>

#include "core/task.h"
#include "gateway/context.h"
#include "gateway/exchange.h"

namespace penstock::gateway {

// The whole list of a catalog. If several requests of one thread need it at once, the first renders
// it and the others wait, even if their client leaves, since it takes milliseconds.
Task<std::shared_ptr<const std::string>> rendered_list(
    Context& context, std::shared_ptr<const models::Catalog> catalog);

// Entries of models that are not in the catalog, as the upstreams list them for this caller, each
// after a comma. All upstreams are asked at once, within server.timeouts.model_list. One that fails
// adds nothing: the list is then the catalog's, as without provider data.
Task<std::string> entries_for_caller(Exchange& exchange, const models::Catalog& catalog,
                                     const providers::ProviderData& data);

}  // namespace penstock::gateway
