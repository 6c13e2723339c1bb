#pragma once

// Listing an upstream's models: GET {base_url}/models, page by page.

#include "core/result.h"
#include "core/task.h"
#include "models/listing.h"
#include "net/event_loop.h"
#include "providers/provider.h"

namespace penstock::models {

// One request; it and everything that it refers to must outlive the call.
struct ListRequest {
  net::EventLoop& loop;
  providers::Provider& provider;
  const providers::ProviderData* data;  // null if no caller asks
  ListBounds bounds;
  SteadyTime until;  // all pages together
  net::Signal& cancel;
};

// Passes each model to `take` as it arrives, also those of a list that fails later. Errors: those
// of connecting and receiving; kUpstreamInvalidResponse if the answer is not a list, or is too
// long, and the upstream's status if it is not 200.
Task<Result<ListNotes>> list_models(const ListRequest& request, ListReader::Take take);

}  // namespace penstock::models
