#include "routing/router.h"

#include <algorithm>
#include <map>
#include <utility>

#include "config/upstream_identity.h"

namespace penstock::routing {
namespace {

bool is_prefix(std::string_view name) {
  return name.ends_with('*');
}

std::string_view prefix_of(const ModelRoute& route) {
  std::string_view name = route.settings().model;
  name.remove_suffix(1);
  return name;
}

std::uint32_t limit_of(const config::RouteTarget& target) {
  if (target.max_concurrency == 0) return Places::kNoLimit;
  return static_cast<std::uint32_t>(
      std::min<std::size_t>(target.max_concurrency, Places::kNoLimit - 1));
}

}  // namespace

ModelRoute::ModelRoute(const config::ModelRoute& settings, std::size_t index,
                       std::vector<Member> members, std::shared_ptr<RouteState> state)
    : settings_(settings), index_(index), members_(std::move(members)), state_(std::move(state)) {
  std::map<std::size_t, Mask> by_priority;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const Mask bit = Mask{1} << i;
    by_priority[members_[i].settings->priority] |= bit;
    if (members_[i].settings->weight != 0) weighted_ |= bit;
  }
  for (const auto& [priority, group] : by_priority) groups_.push_back(group);
}

Router::Router(std::shared_ptr<const config::Settings> settings, const Router* earlier)
    : settings_(std::move(settings)) {
  for (const config::ModelRoute& route : settings_->routing.routes) add(route, earlier);
  std::ranges::stable_sort(prefixes_, std::greater{},
                           [](const ModelRoute* route) { return prefix_of(*route).size(); });
}

const ModelRoute* Router::find(std::string_view model) const {
  const auto found = by_name_.find(model);
  if (found != by_name_.end()) return found->second;
  for (const ModelRoute* const route : prefixes_) {
    if (model.starts_with(prefix_of(*route))) return route;
  }
  return nullptr;
}

config::AttemptTimeouts Router::timeouts_of(const config::ModelRoute& route,
                                            const config::RouteTarget& target) const {
  return config::with_first_byte_bounded(config::effective_timeouts(
      settings_->server.timeouts, settings_->providers[target.provider].timeouts,
      route.rules.timeouts, target.timeouts));
}

void Router::add(const config::ModelRoute& route, const Router* earlier) {
  std::vector<ModelRoute::Member> members;
  for (const config::RouteTarget& target : route.targets) {
    if (members.size() == config::ModelRoute::kTargetsMax) break;
    members.push_back({.target = target_of(route, target, earlier),
                       .settings = &target,
                       .limit = limit_of(target),
                       .timeouts = timeouts_of(route, target)});
  }
  routes_.push_back(std::make_unique<const ModelRoute>(route, routes_.size(), std::move(members),
                                                       state_of(route, earlier)));
  const ModelRoute* const added = routes_.back().get();
  if (is_prefix(route.model)) {
    prefixes_.push_back(added);
  } else {
    by_name_.emplace(route.model, added);
  }
}

std::shared_ptr<RouteState> Router::state_of(const config::ModelRoute& route,
                                             const Router* earlier) {
  if (earlier != nullptr) {
    for (const auto& other : earlier->routes_) {
      if (other->settings().model == route.model) return other->shared_state();
    }
  }
  return std::make_shared<RouteState>();
}

std::shared_ptr<Target> Router::target_of(const config::ModelRoute& route,
                                          const config::RouteTarget& settings,
                                          const Router* earlier) {
  std::string model = settings.model;
  if (model.empty() && !is_prefix(route.model)) model = route.model;
  auto [place, is_new] = targets_by_identity_.try_emplace({settings.provider, model});
  if (!is_new) return place->second;
  std::shared_ptr<Target> target;
  const std::size_t before = position_in(earlier, settings.provider);
  if (before != kNoProvider) {
    const auto found = earlier->targets_by_identity_.find({before, model});
    if (found != earlier->targets_by_identity_.end()) target = found->second;
  }
  if (target == nullptr) {
    target = std::make_shared<Target>(provider_of(settings.provider, earlier), std::move(model));
  }
  place->second = target;
  targets_.push_back(target);
  return target;
}

std::shared_ptr<ProviderState> Router::provider_of(std::size_t index, const Router* earlier) {
  std::shared_ptr<ProviderState>& provider = providers_[index];
  if (provider != nullptr) return provider;
  const std::size_t before = position_in(earlier, index);
  if (before != kNoProvider) {
    const auto found = earlier->providers_.find(before);
    if (found != earlier->providers_.end()) provider = found->second;
  }
  if (provider == nullptr) {
    provider = std::make_shared<ProviderState>(settings_->providers.at(index).id);
  }
  return provider;
}

std::size_t Router::position_in(const Router* earlier, std::size_t index) const {
  if (earlier == nullptr) return kNoProvider;
  const config::Provider& provider = settings_->providers.at(index);
  const std::vector<config::Provider>& others = earlier->settings_->providers;
  const auto found = std::ranges::find_if(others, [&](const config::Provider& other) {
    return config::is_same_upstream(provider, other);
  });
  return found == others.end() ? kNoProvider : static_cast<std::size_t>(found - others.begin());
}

}  // namespace penstock::routing
