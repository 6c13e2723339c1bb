#pragma once

// The model routes of a configuration, with what all threads know about their targets.
//
// Immutable, and shared by all threads as a snapshot; only the counts and states within targets and
// routes change. A Router that follows another one (a reload) takes over the states of targets
// whose provider, address, key and model are the same, and the budgets of routes of the same name.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/routing.h"
#include "config/settings.h"
#include "config/timeouts.h"
#include "core/text.h"
#include "routing/hedge_budget.h"
#include "routing/retry_budget.h"
#include "routing/target.h"

namespace penstock::routing {

// What the threads count for a route.
struct RouteState {
  RetryBudget retries;
  HedgeBudget hedges;
  std::atomic<std::uint32_t> queued{0};  // requests that wait until a target can be used
};

class ModelRoute {
 public:
  struct Member {
    std::shared_ptr<Target> target;
    const config::RouteTarget* settings = nullptr;
    std::uint32_t limit = Places::kNoLimit;  // max_concurrency
    config::AttemptTimeouts timeouts = {};   // as they are in force
  };
  // Members of one priority, as bits.
  using Mask = std::uint64_t;
  static constexpr Mask mask_of(std::size_t member) { return Mask{1} << member; }

  ModelRoute(const config::ModelRoute& settings, std::size_t index, std::vector<Member> members,
             std::shared_ptr<RouteState> state);

  const config::ModelRoute& settings() const { return settings_; }
  const config::RouteRules& rules() const { return settings_.rules; }
  std::size_t index() const { return index_; }  // among the router's routes
  std::span<const Member> members() const { return members_; }
  std::span<const Mask> groups() const { return groups_; }  // by priority, the lowest first
  Mask weighted() const { return weighted_; }               // members whose weight is not zero
  RouteState& state() const { return *state_; }
  const std::shared_ptr<RouteState>& shared_state() const { return state_; }

 private:
  const config::ModelRoute& settings_;
  const std::size_t index_;
  const std::vector<Member> members_;
  std::vector<Mask> groups_;
  Mask weighted_ = 0;
  const std::shared_ptr<RouteState> state_;
};

class Router {
 public:
  explicit Router(std::shared_ptr<const config::Settings> settings,
                  const Router* earlier = nullptr);
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // The route of exactly that name; else the one with the longest prefix of it; else nullptr.
  const ModelRoute* find(std::string_view model) const;

  // In the order of the file.
  std::span<const std::unique_ptr<const ModelRoute>> routes() const { return routes_; }
  // Each once, in the order in which routes name them.
  std::span<const std::shared_ptr<Target>> targets() const { return targets_; }
  const config::Settings& settings() const { return *settings_; }

 private:
  static constexpr std::size_t kNoProvider = static_cast<std::size_t>(-1);

  void add(const config::ModelRoute& route, const Router* earlier);
  config::AttemptTimeouts timeouts_of(const config::ModelRoute& route,
                                      const config::RouteTarget& target) const;
  std::shared_ptr<Target> target_of(const config::ModelRoute& route,
                                    const config::RouteTarget& settings, const Router* earlier);
  std::shared_ptr<ProviderState> provider_of(std::size_t index, const Router* earlier);
  static std::shared_ptr<RouteState> state_of(const config::ModelRoute& route,
                                              const Router* earlier);
  // Of the same upstream as the provider at `index`, among those of `earlier`.
  std::size_t position_in(const Router* earlier, std::size_t index) const;

  const std::shared_ptr<const config::Settings> settings_;
  std::vector<std::unique_ptr<const ModelRoute>> routes_;
  std::vector<std::shared_ptr<Target>> targets_;
  std::map<std::size_t, std::shared_ptr<ProviderState>> providers_;  // by position in settings
  std::map<std::pair<std::size_t, std::string>, std::shared_ptr<Target>> targets_by_identity_;
  std::unordered_map<std::string, const ModelRoute*, TextHash, std::equal_to<>> by_name_;
  std::vector<const ModelRoute*> prefixes_;  // the longest first
};

}  // namespace penstock::routing
