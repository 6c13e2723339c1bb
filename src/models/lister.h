#pragma once

// Asking an upstream which models it serves: GET {base_url}/models, page by page.

#include "core/result.h"
#include "core/task.h"
#include "models/listing.h"
#include "net/event_loop.h"
#include "providers/passthrough.h"

namespace penstock::models {

// One question; it outlives the asking, as does everything that it refers to.
struct ListRequest {
  net::EventLoop& loop;
  providers::Passthrough& provider;
  const providers::ProviderData* data;  // null where no caller asks
  ListBounds bounds;
  SteadyTime until;  // all pages together
  net::Signal& cancel;
};

// Gives each model to `take` as it comes, also those of a list that fails later. Errors: those of
// connecting and receiving; kUpstreamInvalidResponse where the answer is not a list, or is too
// long, and the upstream's status where it is not 200.
Task<Result<ListNotes>> list_models(const ListRequest& request, ListReader::Take take);

}  // namespace penstock::models
