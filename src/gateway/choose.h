#pragma once

// Where a request goes: along a model's route, or to one provider; and what its models are called
// there.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "gateway/exchange.h"
#include "gateway/passed_request.h"
#include "gateway/route_table.h"
#include "gateway/upstreams.h"
#include "models/catalog.h"
#include "routing/plan.h"

namespace penstock::gateway {

struct Choice {
  // Used to the end of the exchange, whatever is published meanwhile: what follows are views into
  // them.
  std::shared_ptr<const models::Catalog> catalog;
  std::shared_ptr<routing::Chooser> chooser;   // of `route`
  const routing::ModelRoute* route = nullptr;  // null: to `target`
  std::optional<std::size_t> only_provider;    // that the request names
  models::Catalog::Target target;
};

// The route of that name that a request goes along; null: there is none. A model of exactly that
// name precedes a route of a prefix. `named`: the provider that the request names. `chooser` may be
// null.
const routing::ModelRoute* route_of(const routing::Chooser* chooser, const models::Catalog& catalog,
                                    std::string_view model, std::optional<std::size_t> named);
// Where a request for a model without a route goes. Errors: kModelNotFound.
Result<models::Catalog::Target> target_of(const models::Catalog& catalog,
                                          std::optional<std::size_t> named, std::string_view model);

// Tells the exchange the target, or the route. A request that names neither a model nor a provider
// goes to the one that has what its path or `body` refers to, or to the only one. Errors:
// kModelNotFound; kInvalidRequest if the model is of another type than the route takes, or the
// provider is not known; kModelNotAllowed and kForbidden if the key may not use the model or the
// provider.
Result<Choice> choose(const Upstreams& upstreams, Exchange& exchange, const RouteMatch& match,
                      std::string_view body);

// What that provider calls the further models that the body names, quoted as JSON. All of them must
// be its own: the request goes to one. Errors: kModelNotFound, kInvalidRequest,
// kModelNotAllowed.
Result<std::vector<std::string>> further_models(const PassedRequest& request, std::size_t provider);

}  // namespace penstock::gateway
