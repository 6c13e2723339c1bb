#include "gateway/route_table.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include "core/text.h"
#include "gateway/unserved_apis.h"

namespace penstock::gateway {
namespace {

constexpr std::string_view kVersionPrefix = "/v1";
constexpr std::string_view kOlderPrefix = "/v1/openai";
constexpr std::string_view kRestMark = ":path}";

std::string_view without_older_prefix(std::string_view path) {
  const bool is_older =
      path.starts_with(kOlderPrefix) && path.substr(kOlderPrefix.size()).starts_with("/v1/");
  return is_older ? path.substr(kOlderPrefix.size()) : path;
}

// Takes the first segment of a path, which begins with a slash; without that slash.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

// What precedes the first placeholder: `/v1/models/`.
std::string_view literal_part(std::string_view pattern) {
  return pattern.substr(0, pattern.find('{'));
}

// What stands in place of the first placeholder, encoded as it is; nullopt: the path is another.
std::optional<std::string_view> match_pattern(std::string_view pattern, std::string_view path) {
  const std::size_t at = literal_part(pattern).size();
  if (path.size() <= at || path.substr(0, at) != pattern.substr(0, at)) return std::nullopt;
  const bool takes_rest = pattern.ends_with(kRestMark);
  std::optional<std::string_view> id;
  pattern.remove_prefix(at - 1);
  path.remove_prefix(at - 1);
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = take_segment(pattern);
    const std::string_view rest = path.substr(1);
    const std::string_view segment = take_segment(path);
    if (!wanted.starts_with('{')) {
      if (segment != wanted) return std::nullopt;
      continue;
    }
    if (segment.empty() && !(pattern.empty() && takes_rest)) return std::nullopt;
    if (pattern.empty() && takes_rest) return id ? id : rest;
    if (!id) id = segment;
  }
  if (!pattern.empty() || !path.empty()) return std::nullopt;
  return id;
}

// As people write it: without the mark of a placeholder for the rest of the path.
std::string label_of(std::string_view path) {
  if (!path.ends_with(kRestMark)) return std::string(path);
  return std::string(path.substr(0, path.size() - kRestMark.size())) + "}";
}

// HEAD is GET without the body (RFC 9110 section 9.3.2).
const ServedRoute* route_of(const Endpoint& endpoint, std::string_view method) {
  if (method == "HEAD") method = "GET";
  for (const ServedRoute& served : endpoint.routes) {
    if (served.route.method == method) return &served;
  }
  return nullptr;
}

// A path as it was probably meant: lower case, single slashes and none at its end, and at most as
// long as the longest route.
std::string likely_path(std::string_view path) {
  constexpr std::size_t kLikelyBytesMax = 128;
  std::string out;
  for (const char c : path.substr(0, kLikelyBytesMax)) {
    if (c == '/' && out.ends_with('/')) continue;
    out.push_back(to_lower(c));
  }
  if (out.ends_with('/')) out.pop_back();
  return out;
}

}  // namespace

RouteTable::RouteTable(std::vector<ServedRoute> routes) {
  for (ServedRoute& served : routes) {
    Endpoint& endpoint = endpoint_of(served.route.path);
    if (route_of(endpoint, served.route.method) != nullptr) {
      throw std::logic_error("two routes for " + std::string(served.route.method) + " " +
                             std::string(served.route.path));
    }
    const Route& route = served.route;
    if (route.passing && route.path != kAnyPath) endpoint.api = route.api;
    endpoint.audience = route.audience;
    endpoint.routes.push_back(std::move(served));
  }
  endpoints_.push_back({.index = endpoints_.size(), .label = "unknown", .routes = {}});
  any_path_ = &unknown();
  for (const Pattern& pattern : patterns_) {
    if (pattern.path == kAnyPath) any_path_ = &endpoints_[pattern.endpoint];
  }
}

Endpoint& RouteTable::endpoint_of(std::string_view path) {
  for (Endpoint& endpoint : endpoints_) {
    if (endpoint.routes.front().route.path == path) return endpoint;
  }
  const std::size_t index = endpoints_.size();
  const bool has_placeholders = path.contains('{');
  if (has_placeholders) {
    patterns_.push_back({path, index});
  } else {
    plain_.emplace(path, index);
  }
  return endpoints_.emplace_back(Endpoint{
      .index = index, .label = label_of(path), .has_placeholders = has_placeholders, .routes = {}});
}

std::optional<RouteMatch> RouteTable::find(std::string_view method,
                                           const http::Target& target) const {
  RouteMatch match;
  match.path = without_older_prefix(target.path);
  match.query = target.query;
  if (const auto plain = plain_.find(match.path); plain != plain_.end()) {
    match.endpoint = &endpoints_[plain->second];
    match.served = route_of(*match.endpoint, method);
    return match;
  }
  for (const Pattern& pattern : patterns_) {
    const std::optional<std::string_view> id = match_pattern(pattern.path, match.path);
    if (!id || pattern.path == kAnyPath) continue;
    match.id = *id;
    match.endpoint = &endpoints_[pattern.endpoint];
    match.served = route_of(*match.endpoint, method);
    return match;
  }
  return std::nullopt;
}

Result<RouteMatch> RouteTable::match(std::string_view method, const http::Target& target) const {
  std::optional<RouteMatch> found = find(method, target);
  if (found) return std::move(*found);
  constexpr std::size_t kPathShownBytes = 256;
  std::string message = "no such route: " + std::string(target.path.substr(0, kPathShownBytes));
  const std::string hint = hint_for_path(target.path);
  const std::string unserved =
      hint.empty() ? unserved_api(without_older_prefix(target.path)) : std::string();
  message += unserved.empty() ? hint : "; " + unserved;
  return failure(Error::client(ErrorKind::kNotFound, std::move(message)));
}

RouteMatch RouteTable::match_at_provider(std::string_view method, const http::Target& rest,
                                         std::size_t provider) const {
  std::optional<RouteMatch> found = find(method, rest);
  if (!found || !found->endpoint->routes.front().route.passing) {
    found.emplace();
    found->endpoint = any_path_;
    found->served = route_of(*any_path_, method);
    found->path = rest.path;
    found->query = rest.query;
  }
  found->provider = provider;
  return std::move(*found);
}

// The endpoint that ends like `path`, whatever precedes it (`/v1/v1/…`, `/api/v1/…`, no `/v1` at
// all); else one with nearly the same spelling.
const Endpoint* RouteTable::nearest(std::string_view path) const {
  const std::string likely = likely_path(path);
  const Endpoint* found = nullptr;
  std::size_t found_bytes = 0;
  for (const Endpoint& endpoint : endpoints_) {
    if (endpoint.routes.empty() || &endpoint == any_path_) continue;
    const bool has_id = endpoint.has_placeholders;
    std::string_view tail = std::string_view(endpoint.label).substr(0, endpoint.label.find("/{"));
    if (tail.starts_with(kVersionPrefix)) tail.remove_prefix(kVersionPrefix.size());
    const std::size_t at = likely.rfind(tail);
    if (at == std::string::npos || tail.size() <= found_bytes) continue;
    const std::size_t end = at + tail.size();
    const bool fits = has_id ? end < likely.size() && likely[end] == '/' : end == likely.size();
    if (!fits) continue;
    found = &endpoint;
    found_bytes = tail.size();
  }
  if (found != nullptr) return found;
  constexpr std::size_t kDistanceMax = 2;
  for (const Endpoint& endpoint : endpoints_) {
    if (endpoint.routes.empty() || &endpoint == any_path_) continue;
    if (likely.size() > 4 && edit_distance(likely, endpoint.label) <= kDistanceMax) {
      return &endpoint;
    }
  }
  return nullptr;
}

std::optional<wire::Api> RouteTable::api_near(std::string_view path) const {
  path = path.substr(0, path.find('?'));
  const std::string likely = likely_path(path);
  const Endpoint* found = nullptr;
  for (const Endpoint& endpoint : endpoints_) {
    if (!endpoint.api || endpoint.has_placeholders) continue;
    const std::size_t at = likely.find(endpoint.label);
    if (at == std::string::npos) continue;
    const std::size_t end = at + endpoint.label.size();
    const bool ends_segment = end == likely.size() || likely[end] == '/';
    const bool is_longer = found == nullptr || endpoint.label.size() > found->label.size();
    if (ends_segment && is_longer) found = &endpoint;
  }
  if (found == nullptr) found = nearest(path);
  return found == nullptr ? std::nullopt : found->api;
}

std::string RouteTable::hint_for_path(std::string_view path) const {
  const Endpoint* near = nearest(path.substr(0, path.find('?')));
  return near == nullptr ? std::string() : "; did you mean " + near->label + "?";
}

std::size_t RouteTable::id_begins(std::string_view path) const {
  const std::string_view known = without_older_prefix(path);
  for (const Pattern& pattern : patterns_) {
    const std::string_view literal = literal_part(pattern.path);
    if (!pattern.path.ends_with(kRestMark) || !known.starts_with(literal)) continue;
    return path.size() - known.size() + literal.size();
  }
  return path.size();
}

// http::split_target() has refused malformed encodings.
std::string decoded_id(const RouteMatch& match) {
  return percent_decode(match.id).value_or(std::string(match.id));
}

std::string allow_field(const Endpoint& endpoint) {
  std::string out;
  for (const ServedRoute& served : endpoint.routes) {
    if (!out.empty()) out.append(", ");
    out.append(served.route.method);
    if (served.route.method == "GET") out.append(", HEAD");
  }
  return out;
}

}  // namespace penstock::gateway
