#include "config/settle_routing.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "config/decode_timeouts.h"
#include "config/key_name.h"
#include "config/model_name.h"
#include "config/settle_fallbacks.h"
#include "config/timeouts.h"

namespace penstock::config {
namespace {

bool is_prefix(const ModelRoute& route) {
  return route.model.ends_with('*');
}

void check_weights(Decoder& decoder, const ModelRoute& route, const RouteNodes& nodes) {
  std::map<std::size_t, std::size_t> weights;  // by priority
  for (const RouteTarget& target : route.targets) weights[target.priority] += target.weight;
  const bool is_drained =
      std::ranges::all_of(weights, [](const auto& group) { return group.second == 0; });
  if (is_drained && !route.targets.empty()) {
    return decoder.error(*nodes.route.find("targets"),
                         "every target has the weight 0, so none is ever asked; give at least one "
                         "another weight");
  }
  for (std::size_t i = 0; i < route.targets.size(); ++i) {
    const auto group = weights.find(route.targets[i].priority);
    if (group == weights.end() || group->second > 0) continue;
    decoder.warning(nodes.targets[i],
                    fmt::format("all targets of priority {} have the weight 0, so the next "
                                "priority is asked instead",
                                group->first));
    weights.erase(group);  // told once
  }
}

void check_target(Decoder& decoder, const Draft& draft, const ModelRoute& route,
                  const RouteNodes& nodes, std::size_t index) {
  const RouteTarget& target = route.targets[index];
  const Node& node = nodes.targets[index];
  const auto model_of = [&route](const RouteTarget& one) -> const std::string& {
    return one.model.empty() && !is_prefix(route) ? route.model : one.model;
  };
  const auto is_same = [&](const RouteTarget& other) {
    return other.provider == target.provider && model_of(other) == model_of(target);
  };
  const auto end = route.targets.begin() + static_cast<std::ptrdiff_t>(index);
  if (std::any_of(route.targets.begin(), end, is_same)) {
    decoder.error(node, "the route has this target already; give that one a higher weight instead");
  }
  const Provider& provider = draft.settings.providers[target.provider];
  const std::string& model = target.model.empty() ? route.model : target.model;
  const bool is_known = !target.model.empty() || !is_prefix(route);
  if (is_known && !provider.allows(model)) {
    decoder.error(node, fmt::format("the allowed_models of {} do not include {}; add it there, or "
                                    "remove this target",
                                    shown_key(provider.id), shown_key(model)));
  }
  const Node* timeouts = decoder.given(node, "timeouts");
  if (timeouts == nullptr) return;
  const AttemptTimeouts effective = effective_timeouts(
      draft.settings.server.timeouts, provider.timeouts, route.rules.timeouts, target.timeouts);
  warn_of_late_timeouts(decoder, *timeouts, target.timeouts, effective.request);
}

// Of the defaults, or of a route.
void check_rules(Decoder& decoder, const Settings& settings, const Node& node,
                 const RouteRules& rules) {
  if (const Node* timeouts = decoder.given(node, "timeouts")) {
    warn_of_late_timeouts(decoder, *timeouts, rules.timeouts,
                          rules.timeouts.request.value_or(settings.server.timeouts.request));
  }
  const Node* queue = decoder.given(node, "queue");
  if (queue != nullptr && rules.queue.size == 0 && rules.queue.wait > milliseconds(0)) {
    decoder.warning(*queue, "nothing waits, since `size` is 0");
  }
}

void check_route(Decoder& decoder, const Draft& draft, std::size_t index) {
  const ModelRoute& route = draft.settings.routing.routes[index];
  const RouteNodes& nodes = draft.route_nodes[index];
  check_weights(decoder, route, nodes);
  for (std::size_t i = 0; i < route.targets.size(); ++i) {
    check_target(decoder, draft, route, nodes, i);
  }
  check_rules(decoder, draft.settings, nodes.route, route.rules);
  const Node* hedge = decoder.given(nodes.route, "hedge");
  if (hedge != nullptr && route.rules.hedge.is_on && route.targets.size() == 1) {
    decoder.warning(*hedge, "without effect: a second request needs a second target");
  }
}

void check_names(Decoder& decoder, const Draft& draft) {
  std::set<std::string, std::less<>> registered;
  for (const Model& model : draft.settings.models) {
    if (!model.id.empty()) registered.insert(identifier(model));
  }
  std::set<std::string, std::less<>> names;
  for (std::size_t i = 0; i < draft.route_nodes.size(); ++i) {
    const ModelRoute& route = draft.settings.routing.routes[i];
    const Node* node = draft.route_nodes[i].route.find("model");
    if (node == nullptr || route.model.empty()) continue;
    if (!names.insert(route.model).second) {
      decoder.error(*node, fmt::format("another route is also named {}; put the targets of both "
                                       "into one",
                                       shown_key(route.model)));
    }
    if (registered.contains(route.model)) {
      decoder.warning(*node, "this route hides the registered model of the same name");
    }
  }
}

void check_server(Decoder& decoder, const Node& root, const Settings& settings) {
  const Timeouts& server = settings.server.timeouts;
  const Node* section = decoder.given(root, "server");
  const Node* timeouts = section != nullptr ? decoder.given(*section, "timeouts") : nullptr;
  if (timeouts == nullptr) return;
  const RouteTimeouts limits{.connect = server.connect,
                             .first_byte = server.first_byte,
                             .first_token = server.first_token,
                             .between_bytes = server.between_bytes};
  warn_of_late_timeouts(decoder, *timeouts, limits, server.request);
}

}  // namespace

void settle_routing(Decoder& decoder, const Node& root, Draft& draft) {
  check_server(decoder, root, draft.settings);
  check_rules(decoder, draft.settings, draft.route_defaults, draft.settings.routing.defaults);
  check_names(decoder, draft);
  for (std::size_t i = 0; i < draft.route_nodes.size(); ++i) check_route(decoder, draft, i);
  settle_fallbacks(decoder, draft);
}

}  // namespace penstock::config
