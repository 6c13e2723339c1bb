#include "gateway/routes.h"

#include <array>

#include "core/text.h"

namespace penstock::gateway {
namespace {

constexpr std::string_view kOlderPrefix = "/v1/openai";

// In the order of the enumeration.
constexpr std::array<RouteEntry, 14> kRoutes = {{
    {Route::kChatCompletions, "/v1/chat/completions", "", "POST", Access::kKeyed,
     "/chat/completions", "llm"},
    {Route::kCompletions, "/v1/completions", "", "POST", Access::kKeyed, "/completions", "llm"},
    {Route::kEmbeddings, "/v1/embeddings", "", "POST", Access::kKeyed, "/embeddings", "embedding"},
    {Route::kModels, "/v1/models", "", "GET POST", Access::kKeyed, "", ""},
    {Route::kModel, "/v1/models/{model_id}", "/v1/models/", "GET DELETE", Access::kKeyed, "", ""},
    {Route::kHealth, "/v1/health", "", "GET", Access::kPublic, "", ""},
    {Route::kVersion, "/v1/version", "", "GET", Access::kPublic, "", ""},
    {Route::kProviders, "/v1/providers", "", "GET", Access::kKeyed, "", ""},
    {Route::kProvider, "/v1/providers/{provider_id}", "/v1/providers/", "GET", Access::kKeyed, "",
     ""},
    {Route::kInspectRoutes, "/v1/inspect/routes", "", "GET", Access::kKeyed, "", ""},
    {Route::kHealthz, "/healthz", "", "GET", Access::kPublic, "", ""},
    {Route::kReadyz, "/readyz", "", "GET", Access::kPublic, "", ""},
    {Route::kMetrics, "/metrics", "", "GET", Access::kPublic, "", ""},
    {Route::kUnknown, "unknown", "", "", Access::kKeyed, "", ""},
}};

bool names_method(std::string_view methods, std::string_view method) {
  while (!methods.empty()) {
    const std::size_t space = methods.find(' ');
    if (methods.substr(0, space) == method) return true;
    if (space == std::string_view::npos) return false;
    methods.remove_prefix(space + 1);
  }
  return false;
}

Error not_found(std::string_view path) {
  constexpr std::size_t kPathShownBytes = 256;
  return Error::client(ErrorKind::kNotFound,
                       "no such route: " + std::string(path.substr(0, kPathShownBytes)));
}

}  // namespace

std::span<const RouteEntry> route_table() {
  return {kRoutes.data(), kRoutes.size() - 1};
}

const RouteEntry& entry_of(Route route) {
  return kRoutes[static_cast<std::size_t>(route)];
}

Result<RouteMatch> match_route(std::string_view method, std::string_view path) {
  std::string_view known = path;
  if (known.starts_with(kOlderPrefix) && known.substr(kOlderPrefix.size()).starts_with("/v1/")) {
    known.remove_prefix(kOlderPrefix.size());
  }
  for (const RouteEntry& entry : route_table()) {
    const bool by_prefix = !entry.prefix.empty();
    if (by_prefix ? !known.starts_with(entry.prefix) : known != entry.path) continue;
    RouteMatch match{&entry, {}, names_method(entry.methods, method)};
    if (by_prefix) {
      std::optional<std::string> id = percent_decode(known.substr(entry.prefix.size()));
      if (!id) return failure(not_found(path));
      match.id = std::move(*id);
    }
    return match;
  }
  return failure(not_found(path));
}

std::string allow_field(const RouteEntry& entry) {
  std::string out;
  for (const char c : entry.methods) {
    if (c == ' ') out.push_back(',');
    out.push_back(c);
  }
  return out;
}

}  // namespace penstock::gateway
