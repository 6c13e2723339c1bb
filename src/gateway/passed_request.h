#pragma once

// PassedRequest: a request that is to be passed on, as every attempt begins with it.

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

#include "gateway/exchange.h"
#include "gateway/route_table.h"
#include "gateway/upstreams.h"
#include "models/catalog.h"
#include "providers/provider_data.h"
#include "wire/bodies/request_fields.h"

namespace penstock::gateway {

// All of it lives to the end of the exchange.
struct PassedRequest {
  const Upstreams& upstreams;
  Exchange& exchange;
  const RouteMatch& match;
  std::string_view body;  // as the client has sent it, without its content codings
  const wire::RequestFields& fields;
  const providers::ProviderData* caller;  // null: the caller sent none
  // One snapshot for the whole exchange, whatever is published meanwhile.
  const std::shared_ptr<const models::Catalog>& catalog;
  std::optional<std::size_t> only_provider;  // that the request names
};

}  // namespace penstock::gateway
