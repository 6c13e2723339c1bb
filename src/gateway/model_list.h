#pragma once

// The list of models that GET /v1/models answers with: rendered once for each catalog, a slice at a
// time, and shared by every answer that is still to be read. Credentials are masked in it.

#include <memory>
#include <string>
#include <vector>

#include "core/task.h"
#include "gateway/context.h"
#include "gateway/exchange.h"

namespace penstock::gateway {

// The whole list of a catalog. Of several requests of one thread that need it at once, the first
// makes it and the others wait; nobody leaves before it is there, since it takes milliseconds.
Task<std::shared_ptr<const std::string>> rendered_list(
    Context& context, std::shared_ptr<const models::Catalog> catalog);

// Entries of models that the catalog has not, as the upstreams list them for this caller, with a
// comma before each. All are asked at once, within server.timeouts.model_list. One that fails adds
// nothing: the list is then that of the catalog, as without provider data.
Task<std::string> entries_for_caller(Exchange& exchange, const models::Catalog& catalog,
                                     const providers::ProviderData& data);

}  // namespace penstock::gateway
