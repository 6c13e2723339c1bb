#pragma once

// Route: what is served under one method and path, as data.
//
// Each room that serves routes has a table of rows: a route and the function that answers its
// requests. `app` binds the tables to a thread's services and puts them together into the
// RouteTable (gateway/route_table.h).

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "config/endpoint.h"
#include "core/result.h"
#include "core/task.h"
#include "routing/family.h"
#include "wire/apis/api.h"
#include "wire/bodies/request_fields.h"

namespace penstock::gateway {

class Exchange;
struct RouteMatch;

enum class Access : std::uint8_t {
  kPublic,  // without a key, even if keys are configured
  kKeyed,
  kAdmin,  // a key with the role admin
};

// Whom a route is for.
enum class Audience : std::uint8_t { kClients, kOperators, kEverybody };

// What a listener serves: all routes; or, beside an admin listener that keeps the operators' routes
// to itself, those for clients; or, as an admin listener, those for operators.
enum class ListenerKind : std::uint8_t { kCommon, kClients, kAdmin };

constexpr bool serves(ListenerKind listener, Audience audience) {
  if (listener == ListenerKind::kCommon || audience == Audience::kEverybody) return true;
  return (listener == ListenerKind::kAdmin) == (audience == Audience::kOperators);
}

// Whether a request may be sent to its upstream once more if a reused connection was closed without
// a byte of an answer, although part of the request had been sent.
enum class Repeatable : bool { kNo, kYes };

// Whether the usage that an answer states is this request's. An object that an upstream keeps
// states what the request that made it has used, each time that it is fetched.
enum class Spends : bool { kNo, kYes };

// When a client names the model of an answer. An answer that an upstream keeps belongs to an
// earlier request: its model gets the name that the catalog has for it.
enum class ModelNamed : bool { kNow, kEarlier };

// How requests of a route are passed to an upstream.
struct Passing {
  std::string_view model_type;  // that a model must have, if its type is stated
  Repeatable repeatable = Repeatable::kNo;
  // Where bodies name their model. None: they name none, and pass unread.
  std::optional<wire::RequestShape> shape = std::nullopt;
  config::Surface surface = config::Surface::kOpenAi;
  Spends spends = Spends::kNo;
  ModelNamed model_named = ModelNamed::kNow;
  routing::Family family = routing::Family::kOther;
};

struct Route {
  std::string_view method;  // GET is also HEAD
  // Segments in braces stand for ids: `/v1/responses/{response_id}`. One at the end may be
  // `{model_id:path}`, which stands for all that follows, slashes too.
  std::string_view path;
  Access access = Access::kKeyed;
  std::optional<Passing> passing = std::nullopt;  // none: the server answers itself
  wire::Api api = wire::Api::kOther;              // whose bodies and errors these are
  Audience audience = Audience::kClients;
};

// Answers a request, or returns the error to answer with. The match lives until the task ends.
using Handler = std::function<Task<Status>(Exchange&, const RouteMatch&)>;

struct ServedRoute {
  Route route;
  Handler handler;
};

// A row of a room's table. `Services` is what its functions need of a thread.
template <typename Services>
struct RouteRow {
  Route route;
  Task<Status> (*serve)(const Services&, Exchange&, const RouteMatch&);
};

// Appends the routes of a table. `services` outlives them. Null: only to be looked at.
template <typename Services>
void bind_routes(std::vector<ServedRoute>& out, std::span<const RouteRow<Services>> rows,
                 const Services* services) {
  for (const RouteRow<Services>& row : rows) {
    auto handler = [services, serve = row.serve](Exchange& exchange, const RouteMatch& match) {
      return serve(*services, exchange, match);
    };
    out.push_back({row.route, std::move(handler)});
  }
}

}  // namespace penstock::gateway
