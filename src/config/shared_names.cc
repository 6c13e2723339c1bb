#include "config/shared_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/key_name.h"
#include "config/model_name.h"

namespace penstock::config {
namespace {

const Node& name_node(const Draft& draft, std::size_t model) {
  return *draft.model_nodes[model].find("model_id");
}

// Why the model cannot share its name with the first of that name; empty if it can.
std::string fault_of(const Model& model, const Model& first, const std::string& name) {
  if (model.follows_list || first.follows_list) {
    return fmt::format(
        "another model is also named {}; models that share a name on several "
        "providers need a provider_model_id other than {}",
        shown_key(name), kFirstListedModel);
  }
  if (model.type == first.type) return {};
  return fmt::format(
      "another model is also named {}, and is of the type {}; give them one "
      "model_type, or different names",
      shown_key(name), first.type);
}

bool has_target_at(const ModelRoute& route, std::size_t provider) {
  return std::ranges::count(route.targets, provider, &RouteTarget::provider) > 0;
}

RouteTarget target_of(const Model& model, std::size_t provider) {
  RouteTarget target;
  target.provider = provider;
  target.model = model.upstream_id();
  return target;
}

void add_route(Settings& settings, ModelRoute route) {
  const std::string& name = route.model;
  const bool is_routed = std::ranges::count(settings.routing.routes, name, &ModelRoute::model) > 0;
  if (route.targets.size() > 1 && !is_routed) settings.routing.routes.push_back(std::move(route));
}

ModelRoute route_named(const std::string& name, const Settings& settings) {
  ModelRoute route;
  route.model = name;
  route.is_written = false;
  route.rules = settings.routing.defaults;
  return route;
}

}  // namespace

void settle_shared_name(Decoder& decoder, Draft& draft, const std::string& name,
                        const std::vector<std::size_t>& models) {
  Settings& settings = draft.settings;
  ModelRoute route = route_named(name, settings);
  const Model& first = settings.models[models.front()];
  for (const std::size_t index : models) {
    const Model& model = settings.models[index];
    const auto provider = provider_of(model, settings.providers);
    if (!provider) continue;  // reported
    if (has_target_at(route, *provider)) {
      decoder.error(name_node(draft, index),
                    fmt::format("another model is also named {}", shown_key(name)));
      continue;
    }
    if (const std::string fault = fault_of(model, first, name); !fault.empty()) {
      decoder.error(name_node(draft, index), fault);
      continue;
    }
    if (!settings.providers[*provider].allows(model.upstream_id())) continue;  // a warning says so
    route.targets.push_back(target_of(model, *provider));
  }
  if (route.targets.size() > ModelRoute::kTargetsMax) {
    return decoder.error(
        name_node(draft, models[ModelRoute::kTargetsMax]),
        fmt::format("more than {} models are named {}", ModelRoute::kTargetsMax, shown_key(name)));
  }
  add_route(settings, std::move(route));
}

void settle_shared_id(Draft& draft, const std::string& id, const std::vector<std::size_t>& models) {
  Settings& settings = draft.settings;
  ModelRoute route = route_named(id, settings);
  for (const std::size_t index : models) {
    const Model& model = settings.models[index];
    const auto provider = provider_of(model, settings.providers);
    if (!provider || has_target_at(route, *provider)) continue;  // reported
    if (!fault_of(model, settings.models[models.front()], id).empty()) return;
    if (!settings.providers[*provider].allows(model.upstream_id())) continue;
    route.targets.push_back(target_of(model, *provider));
  }
  if (route.targets.size() <= ModelRoute::kTargetsMax) add_route(settings, std::move(route));
}

}  // namespace penstock::config
