#include "config/settle_fallbacks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/key_name.h"
#include "config/model_name.h"

namespace penstock::config {
namespace {

using Fallbacks = ModelRoute::Fallbacks;

struct Kind {
  std::string_view name;
  std::vector<std::string> Fallbacks::* list;
};
constexpr std::array kKinds = {Kind{"any", &Fallbacks::any},
                               Kind{"context_window", &Fallbacks::context_window},
                               Kind{"content_policy", &Fallbacks::content_policy}};

class FallbackCheck {
 public:
  FallbackCheck(Decoder& decoder, Draft& draft)
      : decoder_(decoder),
        draft_(draft),
        routes_(draft.settings.routing.routes),
        states_(routes_.size(), State::kNew) {
    for (std::size_t i = 0; i < routes_.size(); ++i) exact_.emplace(routes_[i].model, i);
    for (const Model& model : draft.settings.models) {
      if (model.id.empty()) continue;
      registered_.insert(identifier(model));
      if (model.follows_list || model.id != model.upstream_id()) further_.insert(model.id);
    }
  }

  void run() {
    for (std::size_t i = 0; i < draft_.route_nodes.size(); ++i) check_names(i);
    for (std::size_t i = 0; i < draft_.route_nodes.size(); ++i) visit(i);
    warn_of_unreached();
  }

 private:
  enum class State { kNew, kOpen, kDone };

  // The entry of the file that names the fallback, after `passed_over` others with that name.
  const Node& node_of(std::size_t route, const Kind& kind, std::string_view name,
                      std::size_t passed_over = 0) const {
    const Node& section = *draft_.route_nodes[route].route.find("fallbacks");
    const Node& list = *section.find(kind.name);
    for (const Node& item : list.children) {
      const bool is_named = decoder_.resolved_if_possible(item).text == name;
      if (is_named && passed_over-- == 0) return item;
    }
    return list;
  }

  // The written or made route of the name, else that with the longest fitting prefix.
  std::optional<std::size_t> route_of(std::string_view name) const {
    if (const auto found = exact_.find(name); found != exact_.end()) return found->second;
    if (registered_.contains(name)) return std::nullopt;
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < routes_.size(); ++i) {
      std::string_view prefix = routes_[i].model;
      if (!prefix.ends_with('*')) continue;
      prefix.remove_suffix(1);
      const bool is_longer = !best || routes_[i].model.size() > routes_[*best].model.size();
      if (name.starts_with(prefix) && is_longer) best = i;
    }
    return best;
  }

  // Models that an upstream lists are not known here: their names only have to be possible.
  bool may_exist(std::string_view name) const {
    if (route_of(name) || registered_.contains(name) || further_.contains(name)) return true;
    return std::ranges::any_of(draft_.settings.providers, [&](const Provider& provider) {
      if (has_prefix(name, provider.id)) return provider.allows(without_prefix(name, provider.id));
      return provider.allows(name) &&
             std::ranges::any_of(provider.unprefixed_models, [&](const std::string& pattern) {
               return fits_pattern(name, pattern);
             });
    });
  }

  bool is_skipped(std::string_view name) const {
    return std::ranges::count(draft_.skipped_names, name) > 0 ||
           std::ranges::any_of(draft_.other_provider_ids,
                               [&](const std::string& id) { return has_prefix(name, id); });
  }

  void check_names(std::size_t route) {
    for (const Kind& kind : kKinds) {
      std::vector<std::string>& names = routes_[route].fallbacks.*kind.list;
      std::set<std::string_view> seen;
      for (const std::string& name : names) {
        if (!seen.insert(name).second) {
          decoder_.warning(node_of(route, kind, name, 1),
                           fmt::format("{} is in this list twice", shown_key(name)));
        }
        const Node& node = node_of(route, kind, name);
        if (may_exist(name) || draft_.provider_ids_incomplete) continue;
        if (is_skipped(name)) {
          decoder_.warning(node, "left out: this model is not served");
        } else {
          decoder_.error(node, fmt::format("there is no model of this name; {}", advice_on(name)));
        }
      }
      std::erase_if(names, [&](const std::string& name) { return !may_exist(name); });
    }
  }

  std::string advice_on(std::string_view name) const {
    std::vector<std::string_view> known;
    for (const auto& [model, index] : exact_) known.push_back(model);
    known.insert(known.end(), registered_.begin(), registered_.end());
    const std::string_view near = nearest_key(name, known);
    if (!near.empty()) return fmt::format("did you mean `{}`?", near);
    return "name a route, a registered model, or provider_id/model";
  }

  // Depth first; `path_` are the routes that lead here.
  void visit(std::size_t route) {
    if (states_[route] != State::kNew) return;
    states_[route] = State::kOpen;
    path_.push_back(route);
    for (const Kind& kind : kKinds) {
      for (const std::string& name : routes_[route].fallbacks.*kind.list) {
        const auto next = route_of(name);
        if (!next) continue;
        reached_.insert(*next);
        if (states_[*next] == State::kOpen) {
          report_cycle(route, kind, name, *next);
        } else {
          visit(*next);
        }
      }
    }
    path_.pop_back();
    states_[route] = State::kDone;
  }

  void report_cycle(std::size_t route, const Kind& kind, std::string_view name,
                    std::size_t first) const {
    std::vector<std::string> names;
    for (auto at = std::ranges::find(path_, first); at != path_.end(); ++at) {
      names.push_back(shown_key(routes_[*at].model));
    }
    names.push_back(names.front());
    constexpr std::size_t kShownMax = 8;
    if (names.size() > kShownMax) {
      names.erase(names.begin() + kShownMax / 2, names.end() - kShownMax / 2);
      names.insert(names.begin() + kShownMax / 2, "…");
    }
    decoder_.error(
        node_of(route, kind, name),
        fmt::format("fallbacks lead in a circle: {}; remove one of them", fmt::join(names, " → ")));
  }

  void warn_of_unreached() const {
    for (std::size_t i = 0; i < draft_.route_nodes.size(); ++i) {
      if (!routes_[i].hidden || reached_.contains(i)) continue;
      decoder_.warning(draft_.route_nodes[i].route,
                       "never used: the route is hidden, and no other one has it as a fallback");
    }
  }

  Decoder& decoder_;
  Draft& draft_;
  std::vector<ModelRoute>& routes_;
  std::map<std::string, std::size_t, std::less<>> exact_;
  std::set<std::string, std::less<>> registered_;
  std::set<std::string, std::less<>> further_;  // other names of registered models
  std::vector<State> states_;                   // by route, like reached_
  std::set<std::size_t> reached_;
  std::vector<std::size_t> path_;
};

}  // namespace

void settle_fallbacks(Decoder& decoder, Draft& draft) {
  FallbackCheck(decoder, draft).run();
}

}  // namespace penstock::config
