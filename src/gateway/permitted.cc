#include "gateway/permitted.h"

#include <string>
#include <utility>

namespace penstock::gateway {
namespace {

const access::Principal& principal_of(const Exchange& exchange) {
  return *exchange.facts().principal;
}

std::string the_key(const Exchange& exchange) {
  return "the key " + principal_of(exchange).name;
}

Status forbidden(std::string message) {
  return failure(Error::client(ErrorKind::kForbidden, std::move(message)));
}

Status model_not_allowed(const Exchange& exchange, std::string_view name) {
  return failure(Error::client(ErrorKind::kModelNotAllowed,
                               the_key(exchange) + " may not use the model '" + std::string(name) +
                                   "'; use another model, or ask an administrator"));
}

Status check_asked_model(const Exchange& exchange) {
  const ExchangeFacts& facts = exchange.facts();
  if (facts.model.empty()) return {};
  const access::Permissions& permissions = principal_of(exchange).permissions;
  if (permissions.permits_model(facts.model.view(), facts.listed_model.view())) return {};
  return model_not_allowed(exchange, facts.model.view());
}

}  // namespace

Status check_origin_and_path(const Exchange& exchange, const RouteMatch& match) {
  const access::Permissions& permissions = principal_of(exchange).permissions;
  const net::SocketAddress& peer = exchange.client().peer();
  if (!permissions.permits_address(IpAddress::from_sockaddr(*peer.data()))) {
    return forbidden(the_key(exchange) + " may not be used from the address " + peer.host_text());
  }
  if (!permissions.permits_path(match.path)) {
    return forbidden(the_key(exchange) + " may not use " + match.endpoint->label);
  }
  return {};
}

Status check_model(const Exchange& exchange, std::string_view name) {
  if (principal_of(exchange).permissions.permits_model(name)) return {};
  return model_not_allowed(exchange, name);
}

Status check_model_along(const Exchange& exchange, const routing::ModelRoute& route,
                         const Providers& providers) {
  Status permitted = check_asked_model(exchange);
  return permitted ? check_route(exchange, route, providers) : permitted;
}

Status check_model_at(const Exchange& exchange, const config::Provider& provider) {
  Status permitted = check_asked_model(exchange);
  return permitted ? check_provider(exchange, provider) : permitted;
}

Status check_provider(const Exchange& exchange, const config::Provider& provider) {
  if (principal_of(exchange).permissions.permits_provider(provider.id)) return {};
  return forbidden(the_key(exchange) + " may not use the provider " + provider.id);
}

routing::ModelRoute::Mask forbidden_members(const Exchange& exchange,
                                            const routing::ModelRoute& route,
                                            const Providers& providers) {
  const access::Permissions& permissions = principal_of(exchange).permissions;
  routing::ModelRoute::Mask found = 0;
  if (!permissions.restrict_providers()) return found;
  for (std::size_t i = 0; i < route.members().size(); ++i) {
    const std::size_t provider = route.members()[i].settings->provider;
    if (!permissions.permits_provider(providers[provider].id))
      found |= routing::ModelRoute::mask_of(i);
  }
  return found;
}

Status check_route(const Exchange& exchange, const routing::ModelRoute& route,
                   const Providers& providers) {
  const routing::ModelRoute::Mask not_permitted = forbidden_members(exchange, route, providers);
  if (not_permitted == 0) return {};
  for (std::size_t i = 0; i < route.members().size(); ++i) {
    if ((not_permitted & routing::ModelRoute::mask_of(i)) == 0) return {};
  }
  return forbidden(the_key(exchange) + " may use none of the providers of the model '" +
                   std::string(exchange.facts().model.view()) + "'");
}

}  // namespace penstock::gateway
