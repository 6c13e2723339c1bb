#pragma once

// The models that upstreams list for one caller: with the keys, and at the addresses, that its
// provider data names.

#include <string>

#include "core/task.h"
#include "gateway/exchange.h"
#include "gateway/model_services.h"
#include "providers/provider_data.h"

namespace penstock::gateway {

// Entries of models that are not in the catalog, each after a comma. All upstreams are asked at
// once, within server.timeouts.model_list. One that fails adds nothing: the list is then the
// catalog's, as without provider data.
Task<std::string> entries_for_caller(const ModelServices& services, Exchange& exchange,
                                     const models::Catalog& catalog,
                                     const providers::ProviderData& data);

}  // namespace penstock::gateway
