#include "gateway/permitted.h"

#include <string>
#include <utility>

#include "config/model_name.h"

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

Status check_model(const Exchange& exchange, std::string_view name,
                   const routing::ModelRoute& route, const Providers& providers) {
  const access::Permissions& permissions = principal_of(exchange).permissions;
  if (!permissions.permits_model({name, route.settings().model})) {
    return model_not_allowed(exchange, name);
  }
  const routing::ModelRoute::Mask not_permitted = forbidden_members(exchange, route, providers);
  for (std::size_t i = 0; i < route.members().size(); ++i) {
    if ((not_permitted & routing::ModelRoute::mask_of(i)) == 0) return {};
  }
  return forbidden(the_key(exchange) + " may use none of the targets of the model '" +
                   std::string(name) + "'");
}

Status check_model(const Exchange& exchange, std::string_view name,
                   const models::Catalog::Target& target, const Providers& providers) {
  const access::Permissions& permissions = principal_of(exchange).permissions;
  const std::string& provider = providers[target.provider].id;
  if (!permissions.permits_provider(provider)) {
    return forbidden(the_key(exchange) + " may not use the provider " + provider);
  }
  if (name.empty()) return {};
  const std::string_view registered =
      target.model == nullptr ? std::string_view() : std::string_view(target.model->id);
  const std::string listed = config::listed_name(provider, target.upstream_model);
  if (permissions.permits_model({name, registered, listed, target.upstream_model})) return {};
  return model_not_allowed(exchange, name);
}

routing::ModelRoute::Mask forbidden_members(const Exchange& exchange,
                                            const routing::ModelRoute& route,
                                            const Providers& providers) {
  if (!is_restricted(exchange)) return 0;
  const access::Permissions& permissions = principal_of(exchange).permissions;
  routing::ModelRoute::Mask found = 0;
  for (std::size_t i = 0; i < route.members().size(); ++i) {
    const config::RouteTarget& target = *route.members()[i].settings;
    const std::string& provider = providers[target.provider].id;
    const std::string_view model =
        target.model.empty() ? exchange.facts().model.view() : std::string_view(target.model);
    const bool is_permitted =
        permissions.permits_provider(provider) &&
        !permissions.denies_model({model, config::listed_name(provider, model)});
    if (!is_permitted) found |= routing::ModelRoute::mask_of(i);
  }
  return found;
}

}  // namespace penstock::gateway
