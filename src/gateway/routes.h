#pragma once

// The routes that are served, as one table: the only place that contains paths.
//
// Paths under the older prefix /v1/openai/v1/ are the same routes.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace penstock::gateway {

enum class Route : std::uint8_t {
  kChatCompletions,
  kCompletions,
  kEmbeddings,
  kModels,
  kModel,
  kHealth,
  kVersion,
  kProviders,
  kProvider,
  kInspectRoutes,
  kPlainHealth,  // the path that load testers and other servers' clients use
  kHealthz,
  kReadyz,
  kMetrics,
  kUnknown,  // not in the table; for metrics and the access log
};

enum class Access : std::uint8_t {
  kPublic,  // without a key, even if keys are configured
  kKeyed,
};

// Whether a request may be sent to its upstream once more if a reused connection was closed without
// a byte of an answer, although part of the request had been sent.
enum class Repeatable : bool { kNo, kYes };

struct RouteEntry {
  Route route;
  std::string_view path;     // as in metrics and the inspection: `/v1/models/{model_id}`
  std::string_view prefix;   // empty: the path is matched whole; else what precedes the id
  std::string_view methods;  // space-separated; GET implies HEAD
  Access access;
  std::string_view upstream_path;  // of inference routes, below the base URL
  std::string_view model_type;     // of inference routes: the type of model that they take
  Repeatable repeatable = Repeatable::kNo;
  std::string_view admin_methods = {};  // of `methods`, those that require the role admin
};

std::span<const RouteEntry> route_table();
const RouteEntry& entry_of(Route route);

struct RouteMatch {
  const RouteEntry* entry = nullptr;
  std::string id;  // what is in place of `{…}`, percent-decoded
  bool method_allowed = false;
  bool takes_admin = false;
};

// Where the id begins in a path of a route that has one; else the path's length. What follows is
// the client's data and names no other route (http/target.h).
std::size_t id_begins(std::string_view path);

// Finds the route of a canonical path (http/target.h). Fails with kNotFound; the message names the
// route that was most likely meant.
Result<RouteMatch> match_route(std::string_view method, std::string_view path);

// "; did you mean /v1/models?", for an error's message; empty where nothing is near. A query is
// passed over.
std::string hint_for_path(std::string_view path);

// "GET, HEAD, POST"
std::string allow_field(const RouteEntry& entry);

}  // namespace penstock::gateway
