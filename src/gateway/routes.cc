#include "gateway/routes.h"

#include <array>
#include <utility>

#include "core/text.h"

namespace penstock::gateway {
namespace {

constexpr std::string_view kVersionPrefix = "/v1";
constexpr std::string_view kOlderPrefix = "/v1/openai";

// In the order of the enumeration.
constexpr std::array<RouteEntry, 15> kRoutes = {{
    {Route::kChatCompletions, "/v1/chat/completions", "", "POST", Access::kKeyed,
     "/chat/completions", "llm", Repeatable::kYes},
    {Route::kCompletions, "/v1/completions", "", "POST", Access::kKeyed, "/completions", "llm",
     Repeatable::kYes},
    {Route::kEmbeddings, "/v1/embeddings", "", "POST", Access::kKeyed, "/embeddings", "embedding",
     Repeatable::kYes},
    {Route::kModels, "/v1/models", "", "GET POST", Access::kKeyed, "", "", Repeatable::kNo, "POST"},
    {Route::kModel, "/v1/models/{model_id}", "/v1/models/", "GET DELETE", Access::kKeyed, "", "",
     Repeatable::kNo, "DELETE"},
    {Route::kHealth, "/v1/health", "", "GET", Access::kPublic, "", ""},
    {Route::kVersion, "/v1/version", "", "GET", Access::kPublic, "", ""},
    {Route::kProviders, "/v1/providers", "", "GET", Access::kKeyed, "", ""},
    {Route::kProvider, "/v1/providers/{provider_id}", "/v1/providers/", "GET", Access::kKeyed, "",
     ""},
    {Route::kInspectRoutes, "/v1/inspect/routes", "", "GET", Access::kKeyed, "", ""},
    {Route::kPlainHealth, "/health", "", "GET", Access::kPublic, "", ""},
    {Route::kHealthz, "/healthz", "", "GET", Access::kPublic, "", ""},
    {Route::kReadyz, "/readyz", "", "GET", Access::kPublic, "", ""},
    {Route::kMetrics, "/metrics", "", "GET", Access::kPublic, "", ""},
    {Route::kUnknown, "unknown", "", "", Access::kKeyed, "", ""},
}};

// HEAD is GET without the body (RFC 9110 section 9.3.2).
bool names_method(std::string_view methods, std::string_view method) {
  if (method == "HEAD") method = "GET";
  while (!methods.empty()) {
    const std::size_t space = methods.find(' ');
    if (methods.substr(0, space) == method) return true;
    if (space == std::string_view::npos) return false;
    methods.remove_prefix(space + 1);
  }
  return false;
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

// The route that ends like `path`, whatever precedes it (`/v1/v1/…`, `/api/v1/…`, no `/v1` at all);
// else one with nearly the same spelling.
const RouteEntry* nearest_route(std::string_view path) {
  const std::string likely = likely_path(path);
  const RouteEntry* found = nullptr;
  std::size_t found_bytes = 0;
  for (const RouteEntry& entry : route_table()) {
    std::string_view tail = entry.path.substr(0, entry.path.find("/{"));
    if (tail.starts_with(kVersionPrefix)) tail.remove_prefix(kVersionPrefix.size());
    const std::size_t at = likely.rfind(tail);
    if (at == std::string::npos || tail.size() <= found_bytes) continue;
    const std::size_t end = at + tail.size();
    const bool fits =
        entry.prefix.empty() ? end == likely.size() : end < likely.size() && likely[end] == '/';
    if (!fits) continue;
    found = &entry;
    found_bytes = tail.size();
  }
  if (found != nullptr) return found;
  constexpr std::size_t kDistanceMax = 2;
  for (const RouteEntry& entry : route_table()) {
    if (likely.size() > 4 && edit_distance(likely, entry.path) <= kDistanceMax) return &entry;
  }
  return nullptr;
}

Error not_found(std::string_view path) {
  constexpr std::size_t kPathShownBytes = 256;
  std::string message = "no such route: " + std::string(path.substr(0, kPathShownBytes));
  message += hint_for_path(path);
  return Error::client(ErrorKind::kNotFound, std::move(message));
}

std::string_view without_older_prefix(std::string_view path) {
  const bool is_older =
      path.starts_with(kOlderPrefix) && path.substr(kOlderPrefix.size()).starts_with("/v1/");
  return is_older ? path.substr(kOlderPrefix.size()) : path;
}

}  // namespace

std::span<const RouteEntry> route_table() {
  return {kRoutes.data(), kRoutes.size() - 1};
}

const RouteEntry& entry_of(Route route) {
  return kRoutes[static_cast<std::size_t>(route)];
}

std::size_t id_begins(std::string_view path) {
  const std::string_view known = without_older_prefix(path);
  for (const RouteEntry& entry : route_table()) {
    if (entry.prefix.empty() || !known.starts_with(entry.prefix)) continue;
    return path.size() - known.size() + entry.prefix.size();
  }
  return path.size();
}

Result<RouteMatch> match_route(std::string_view method, std::string_view path) {
  const std::string_view known = without_older_prefix(path);
  for (const RouteEntry& entry : route_table()) {
    const bool by_prefix = !entry.prefix.empty();
    if (by_prefix ? !known.starts_with(entry.prefix) : known != entry.path) continue;
    if (by_prefix && known.size() == entry.prefix.size()) break;  // no id: the list was meant
    RouteMatch match{
        &entry, {}, names_method(entry.methods, method), names_method(entry.admin_methods, method)};
    if (by_prefix) {
      std::optional<std::string> id = percent_decode(known.substr(entry.prefix.size()));
      if (!id) return failure(not_found(path));
      match.id = std::move(*id);
    }
    return match;
  }
  return failure(not_found(path));
}

std::string hint_for_path(std::string_view path) {
  const RouteEntry* nearest = nearest_route(path.substr(0, path.find('?')));
  if (nearest == nullptr) return {};
  return "; did you mean " + std::string(nearest->path) + "?";
}

std::string allow_field(const RouteEntry& entry) {
  std::string out;
  std::string_view methods = entry.methods;
  while (!methods.empty()) {
    const std::size_t space = methods.find(' ');
    const std::string_view method = methods.substr(0, space);
    if (!out.empty()) out.append(", ");
    out.append(method);
    if (method == "GET") out.append(", HEAD");
    methods = space == std::string_view::npos ? "" : methods.substr(space + 1);
  }
  return out;
}

}  // namespace penstock::gateway
