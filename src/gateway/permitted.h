#pragma once

// What the terms of a request's key permit it (access/permissions.h), and what its client is told
// otherwise.

#include <cstddef>
#include <string_view>

#include "core/result.h"
#include "gateway/exchange.h"
#include "gateway/provider_choice.h"
#include "gateway/route_table.h"
#include "routing/router.h"

namespace penstock::gateway {

// Whether its key has any terms that restrict it: without them, all of what follows is permitted.
inline bool is_restricted(const Exchange& exchange) {
  const access::Principal* const principal = exchange.facts().principal;
  return principal != nullptr && !principal->permissions.permit_everything();
}

// Where the request comes from and what it is for. Errors: kForbidden.
Status check_origin_and_path(const Exchange& exchange, const RouteMatch& match);

// The model of that name. Errors: kModelNotAllowed.
Status check_model(const Exchange& exchange, std::string_view name);
// The model that the exchange knows it asks for, under all its names, and along its route or at its
// provider. Errors: kModelNotAllowed, kForbidden.
Status check_model_along(const Exchange& exchange, const routing::ModelRoute& route,
                         const Providers& providers);
Status check_model_at(const Exchange& exchange, const config::Provider& provider);

// That it goes to the provider. Errors: kForbidden.
Status check_provider(const Exchange& exchange, const config::Provider& provider);
// The members of a model's route that it may not go to.
routing::ModelRoute::Mask forbidden_members(const Exchange& exchange,
                                            const routing::ModelRoute& route,
                                            const Providers& providers);
// That it may go to one of them. Errors: kForbidden.
Status check_route(const Exchange& exchange, const routing::ModelRoute& route,
                   const Providers& providers);

}  // namespace penstock::gateway
