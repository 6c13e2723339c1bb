#pragma once

// What the terms of a request's key permit it (access/permissions.h), and what its client is told
// otherwise.
//
// A model has several names: that by which a client asks for it, that by which it is listed, and
// its upstream's. What is denied under one of them is denied under all.

#include <string_view>

#include "config/settings.h"
#include "core/result.h"
#include "gateway/exchange.h"
#include "gateway/provider_choice.h"
#include "gateway/route_table.h"
#include "models/catalog.h"
#include "routing/router.h"

namespace penstock::gateway {

// Whether its key has any terms that restrict it: without them, all of what follows is permitted.
inline bool is_restricted(const Exchange& exchange) {
  const access::Principal* const principal = exchange.facts().principal;
  return principal != nullptr && !principal->permissions.permit_everything();
}

// Where the request comes from and what it is for. Errors: kForbidden.
Status check_origin_and_path(const Exchange& exchange, const RouteMatch& match);

// That it may use the model that it calls `name` (empty: it names none), along a route or at the
// provider of its target. Errors: kModelNotAllowed, kForbidden.
Status check_model(const Exchange& exchange, std::string_view name,
                   const routing::ModelRoute& route, const Providers& providers);
Status check_model(const Exchange& exchange, std::string_view name,
                   const models::Catalog::Target& target, const Providers& providers);

// The members of a model's route that it may not go to.
routing::ModelRoute::Mask forbidden_members(const Exchange& exchange,
                                            const routing::ModelRoute& route,
                                            const Providers& providers);

}  // namespace penstock::gateway
