#pragma once

// Which provider a request goes to, and what its models are called there.

#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "gateway/exchange.h"
#include "gateway/route_table.h"
#include "gateway/upstreams.h"
#include "models/catalog.h"
#include "wire/bodies/request_fields.h"

namespace penstock::gateway {

struct Choice {
  // Used to the end of the exchange, whatever is published meanwhile: the target's model is a view
  // into it.
  std::shared_ptr<const models::Catalog> catalog;
  models::Catalog::Target target;
  // What the upstream calls the further models that the body names, quoted as JSON.
  std::vector<std::string> further_models;
};

// Tells the exchange the target. Errors: kModelNotFound; kInvalidRequest if the model is of another
// type than the route takes, or the provider is not known.
Result<Choice> choose(const Upstreams& upstreams, Exchange& exchange, const RouteMatch& match,
                      const wire::RequestFields& fields);

}  // namespace penstock::gateway
