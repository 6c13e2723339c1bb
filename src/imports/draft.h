#pragma once

// A configuration while it is made from a foreign file: what the importers fill in, and its text.
//
// Texts are as they stand in the result, with references to variables.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"
#include "config/routing.h"

namespace penstock::imports {

using std::chrono::milliseconds;

struct ProviderDraft {
  std::string id;
  std::string type;
  std::string url_setting = "base_url";
  std::string url = {};        // empty: the type's own
  bool is_path_as_is = false;  // of remote::passthrough
  std::string key_setting = "api_key";
  std::string key = {};  // empty: none
  config::RouteTimeouts timeouts = {};

  bool operator==(const ProviderDraft&) const = default;
};

struct TargetDraft {
  std::string provider;
  std::string model;
  std::size_t weight = 1;
  std::size_t priority = 0;
  std::size_t max_concurrency = 0;
  config::RouteTimeouts timeouts = {};
};

// Only what is set is written.
struct RulesDraft {
  std::optional<std::size_t> attempts = {};
  std::string balance = {};
  std::vector<int> on_statuses = {};
  std::optional<milliseconds> backoff_initial = {};
  std::optional<milliseconds> backoff_max = {};
  std::optional<milliseconds> cooldown = {};  // its default
  std::optional<std::size_t> breaker_failures = {};
  std::optional<milliseconds> breaker_open_for = {};
  config::RouteTimeouts timeouts = {};
};

struct RouteDraft {
  std::string model;
  std::vector<TargetDraft> targets = {};
  config::ModelRoute::Fallbacks fallbacks = {};
  RulesDraft rules = {};
};

struct ApiKeyDraft {
  std::string name;
  std::string key;
  std::string role;
};

class ConfigDraft {
 public:
  explicit ConfigDraft(config::Problems& problems) : problems_(problems) {}

  // The provider_id of a provider with these settings: of one that is there already, or of a new
  // one, with `wanted.id` or that and a number.
  std::string provider(ProviderDraft wanted);
  // The one of that name, new if there is none. Valid until the next call.
  RouteDraft& route(std::string_view model);
  const RouteDraft* find_route(std::string_view model) const;
  const std::vector<RouteDraft>& routes() const { return routes_; }

  // Adds a fallback unless it would make the configuration invalid, which a remark at `node` says.
  void add_fallback(std::string_view from,
                    std::vector<std::string> config::ModelRoute::Fallbacks::* list,
                    const std::string& to, const config::Node& node);

  RulesDraft defaults;
  std::vector<ApiKeyDraft> api_keys;

  bool is_empty() const { return providers_.empty(); }
  // As a run.yaml.
  std::string text() const;

 private:
  bool leads_to(std::string_view from, std::string_view to) const;

  config::Problems& problems_;
  std::vector<ProviderDraft> providers_;
  std::vector<RouteDraft> routes_;
};

}  // namespace penstock::imports
