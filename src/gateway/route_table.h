#pragma once

// RouteTable: the routes that a server has, and the search for the one that a request asks for.
//
// Paths under the older prefix /v1/openai/v1/ are the same routes. Each thread has a table of its
// own, since the handlers are bound to a thread's services; after construction it does not change.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "gateway/route.h"
#include "http/target.h"

namespace penstock::gateway {

// What is served under one path, by method.
struct Endpoint {
  std::size_t index = 0;  // in the table; the same in the tables of all threads
  std::string label;      // the path in metrics, log and inspection: `/v1/models/{model_id}`
  bool has_placeholders = false;
  // The one that its requests belong to; none: the server's own, and any path.
  std::optional<wire::Api> api = std::nullopt;
  Audience audience = Audience::kClients;  // of its routes
  std::vector<ServedRoute> routes;
};

// The one of paths that no route knows, under a provider's prefix (gateway/provider_choice.h).
inline constexpr std::string_view kAnyPath = "/p/{provider_id}/{path:path}";

struct RouteMatch {
  const Endpoint* endpoint = nullptr;   // never null in a result
  const ServedRoute* served = nullptr;  // null: the path does not support the method
  std::string_view id;                  // what is in place of the first `{…}`, encoded as it is
  std::string_view path;                // as requested, without the older prefix
  std::string_view query;
  std::optional<std::size_t> provider = std::nullopt;  // that the path names
};

// What the id means, where this server itself looks for it: decoded once.
std::string decoded_id(const RouteMatch& match);

// "GET, HEAD, POST"
std::string allow_field(const Endpoint& endpoint);

class RouteTable final : public http::PathRules {
 public:
  // Throws std::logic_error for two routes of one method and path.
  explicit RouteTable(std::vector<ServedRoute> routes);

  // Finds the endpoint of a canonical path (http/target.h). Fails with kNotFound; the message names
  // the route that was most likely meant.
  Result<RouteMatch> match(std::string_view method, const http::Target& target) const;
  // The same for what follows a provider's prefix: what the server itself answers elsewhere is no
  // route there, and any other path is kAnyPath.
  RouteMatch match_at_provider(std::string_view method, const http::Target& rest,
                               std::size_t provider) const;

  // The API that a path which is no route belongs to: that of the route that it contains, as whole
  // segments, or that was most likely meant. A query is passed over.
  std::optional<wire::Api> api_near(std::string_view path) const;

  // "; did you mean /v1/models?", for an error's message; empty where nothing is near. A query is
  // passed over.
  std::string hint_for_path(std::string_view path) const;

  // Where what `{…:path}` stands for begins: it is the client's data and names no other route.
  std::size_t id_begins(std::string_view path) const override;

  // In the order of the rooms' tables. The last one is unknown().
  const std::vector<Endpoint>& endpoints() const { return endpoints_; }
  // Of paths that are not in the table, for metrics and the access log. It has no routes.
  const Endpoint& unknown() const { return endpoints_.back(); }

 private:
  // A path with placeholders.
  struct Pattern {
    std::string_view path;
    std::size_t endpoint;
  };

  Endpoint& endpoint_of(std::string_view path);
  std::optional<RouteMatch> find(std::string_view method, const http::Target& target) const;
  const Endpoint* nearest(std::string_view path) const;

  std::vector<Endpoint> endpoints_;
  std::unordered_map<std::string_view, std::size_t> plain_;  // paths without placeholders
  std::vector<Pattern> patterns_;
  const Endpoint* any_path_ = nullptr;  // unknown() in a table without kAnyPath
};

}  // namespace penstock::gateway
