#pragma once

// Which target of a route should get a request, and which one must: from its head, its body and who
// asks.
//
// The body is read for that only if a rule of the route needs it.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/clock.h"
#include "gateway/passed_request.h"
#include "gateway/route_table.h"
#include "gateway/upstreams.h"
#include "routing/router.h"
#include "routing/target.h"

namespace penstock::gateway {

// Who alone has what a request refers to, as far as it is a member of the route.
struct RequestPin {
  bool is_there() const { return target != nullptr || provider.has_value(); }

  const routing::Target* target = nullptr;  // this one,
  std::optional<std::size_t> provider;      // or any of this provider
  bool is_stored = false;                   // by a stored object; else only by an item of the input
};

struct RequestAffinity {
  std::optional<std::uint64_t> key;  // requests that have the same belong together
  RequestPin pin;
  bool refers_to_stored = false;  // to an object that an upstream stores, whoever has it
  bool has_tools = false;         // told where hedging asks for it
};

RequestAffinity affinity_of(const PassedRequest& request, const routing::ModelRoute& route);

// The provider that has what a request without a model refers to, in its path or its body. nullopt:
// that is not known.
std::optional<std::size_t> provider_of_ids(const Upstreams& upstreams, const RouteMatch& match,
                                           std::string_view body, SteadyTime now);

}  // namespace penstock::gateway
