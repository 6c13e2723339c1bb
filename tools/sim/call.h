#pragma once

// Call and Made: what a route's function gets, and what it makes of it.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "sim/behaviour.h"
#include "sim/event_script.h"
#include "sim/json.h"
#include "sim/store.h"
#include "sim/world.h"

namespace penstock::sim {

struct Call {
  const World& world;
  Store& store;
  const Json& body;  // an object; empty if the request has no body
  const Behaviour& behaviour;
  std::vector<std::string> ids;  // of the placeholders in the route's path, decoded
  std::string_view query;
  SteadyTime now;

  // The decoded value of a query parameter; nullopt: absent.
  std::optional<std::string> parameter(std::string_view name) const;
  // The model that the body names, of any kind. Fails with kModelNotFound, or kInvalidRequest
  // without a name.
  Result<const Model*> model() const;
  // The same for language models.
  Result<const Model*> language_model() const;
};

struct Made {
  std::string body = {};
  std::string_view content_type = "application/json";
  // Tokens of a whole answer, which it is paced by; nullopt: it is sent at once.
  std::optional<std::size_t> tokens = {};
  // Instead of the body.
  std::optional<EventScript> events = {};
};

inline constexpr std::string_view kEventStreamType = "text/event-stream; charset=utf-8";

using Maker = Result<Made> (*)(const Call& call);

// What is sent at once.
Made made_of(const Json& json);
Made made_of_events(EventScript events);

// `{"object":"list","data":[…],"first_id","last_id","has_more":false}`.
Json list_of(Json data);

Error unknown_model(std::string_view name);
Error model_not_served(const Model& model);
std::unexpected<Error> invalid_request(std::string message);
// There is no `kind` with that id.
std::unexpected<Error> not_found(std::string_view kind, std::string_view id);

}  // namespace penstock::sim
