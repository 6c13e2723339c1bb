#include "config/decode_routing.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "config/decode_provider.h"
#include "config/decode_rules.h"
#include "config/decode_timeouts.h"
#include "config/model_name.h"

namespace penstock::config {
namespace {

constexpr std::size_t kWeightMax = 1'000'000;
constexpr std::size_t kPriorityMax = 1'000;
constexpr std::size_t kConcurrencyMax = 1'000'000;

// A target while its entry is decoded.
struct TargetDraft {
  RouteTarget target;
  std::string provider_id;
};

template <std::size_t RouteTarget::* field, std::size_t most>
void decode_count(Decoder& decoder, const Node& node, TargetDraft& draft) {
  store(decoder.integer(node, {0, most}), draft.target.*field);
}

void decode_target_model(Decoder& decoder, const Node& node, TargetDraft& draft) {
  store(decoder.text(node), draft.target.model);
  const std::string_view fault = fault_of_model_name(draft.target.model);
  if (!fault.empty()) decoder.error(node, fault);
}

constexpr std::array kTargetKeys = {
    Key<TargetDraft>{"provider", "text", "",
                     [](Decoder& decoder, const Node& node, TargetDraft& draft) {
                       store(decoder.text(node), draft.provider_id);
                     },
                     Use::kRequired},
    Key<TargetDraft>{"model", "text", "none", decode_target_model},
    Key<TargetDraft>{"weight", "integer", "1", decode_count<&RouteTarget::weight, kWeightMax>},
    Key<TargetDraft>{"priority", "integer", "0",
                     decode_count<&RouteTarget::priority, kPriorityMax>},
    Key<TargetDraft>{"max_concurrency", "integer", "0",
                     decode_count<&RouteTarget::max_concurrency, kConcurrencyMax>},
    Key<TargetDraft>{"timeouts", "mapping", "{}",
                     [](Decoder& decoder, const Node& node, TargetDraft& draft) {
                       decode_route_timeouts(decoder, node, draft.target.timeouts);
                     },
                     Use::kOptional, list_route_timeouts_keys},
};

bool is_skipped(const Node& entry, std::string_view key, Decoder& decoder) {
  const Node* node = entry.find(key);
  if (node == nullptr) return false;
  const auto value = decoder.resolved(*node);
  if (!value) return false;
  if (value->kind == Node::Kind::kNull) return true;
  return value->kind == Node::Kind::kScalar && (value->text.empty() || value->text == kDisabledId);
}

// A route while its entry is decoded.
struct RouteDraft {
  ModelRoute route;
  RouteNodes nodes;
  // Some of the targets are conditional, or on providers that are not served.
  bool has_skipped_targets = false;
};

// Nothing if there is no such provider; that is then reported.
std::optional<std::size_t> position_of(Decoder& decoder, const Node& entry, const Draft& draft,
                                       std::string_view id) {
  const std::vector<Provider>& providers = draft.settings.providers;
  const auto found = std::ranges::find(providers, id, &Provider::id);
  if (found != providers.end()) return static_cast<std::size_t>(found - providers.begin());
  if (id.empty() || draft.provider_ids_incomplete) return std::nullopt;
  std::vector<std::string_view> known;
  for (const Provider& provider : providers) known.push_back(provider.id);
  decoder.error(
      *entry.find("provider"),
      fmt::format("there is no provider with this provider_id; {}", suggestion(id, known)));
  return std::nullopt;
}

void decode_target(Decoder& decoder, const Node& entry, const Draft& draft, RouteDraft& out) {
  if (!decoder.expect_map(entry)) return;
  if (is_skipped(entry, "provider", decoder)) {
    out.has_skipped_targets = true;
    return;
  }
  const std::string id = decoder.text_if_any(entry, "provider");
  if (std::ranges::count(draft.other_provider_ids, id) > 0) {
    out.has_skipped_targets = true;
    return decoder.warning(entry, "skipped: its provider is not served");
  }
  TargetDraft made;
  decode_section<TargetDraft>(decoder, entry, kTargetKeys, made);
  const auto provider = position_of(decoder, entry, draft, made.provider_id);
  if (!provider) return;
  made.target.provider = *provider;
  out.route.targets.push_back(std::move(made.target));
  out.nodes.targets.push_back(entry);
}

void decode_name(Decoder& decoder, const Node& node, ModelRoute& route) {
  store(decoder.text(node), route.model);
  const std::string_view fault = fault_of_model_name(route.model);
  if (!fault.empty()) decoder.error(node, fault);
  const std::size_t star = route.model.find('*');
  if (star != std::string::npos && star + 1 < route.model.size()) {
    decoder.error(node, "a star stands for any text only at the end of a name");
  }
}

template <std::vector<std::string> ModelRoute::Fallbacks::* field>
void decode_names(Decoder& decoder, const Node& node, ModelRoute::Fallbacks& fallbacks) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  for (const Node& item : *items) {
    if (auto name = decoder.text(item)) (fallbacks.*field).push_back(std::move(*name));
  }
}

constexpr std::array kFallbacksKeys = {
    Key<ModelRoute::Fallbacks>{"any", "list of text", "[]",
                               decode_names<&ModelRoute::Fallbacks::any>},
    Key<ModelRoute::Fallbacks>{"context_window", "list of text", "[]",
                               decode_names<&ModelRoute::Fallbacks::context_window>},
    Key<ModelRoute::Fallbacks>{"content_policy", "list of text", "[]",
                               decode_names<&ModelRoute::Fallbacks::content_policy>},
};

// Its targets are decoded apart, as they refer to providers.
void leave_targets(Decoder&, const Node&, ModelRoute&) {}

constexpr std::array kRouteKeys = {
    Key<ModelRoute>{"model", "text", "", decode_name, Use::kRequired},
    Key<ModelRoute>{"hidden", "boolean", "false",
                    [](Decoder& decoder, const Node& node, ModelRoute& route) {
                      store(decoder.boolean(node), route.hidden);
                    }},
    Key<ModelRoute>{"targets", "list", "", leave_targets, Use::kRequired,
                    [](const std::string& path, KnownKeys& out) {
                      list_section<TargetDraft>(path + "[]", kTargetKeys, out);
                    }},
    Key<ModelRoute>{"fallbacks", "mapping", "{}",
                    [](Decoder& decoder, const Node& node, ModelRoute& route) {
                      decode_section<ModelRoute::Fallbacks>(decoder, node, kFallbacksKeys,
                                                            route.fallbacks);
                    },
                    Use::kOptional,
                    [](const std::string& path, KnownKeys& out) {
                      list_section<ModelRoute::Fallbacks>(path, kFallbacksKeys, out);
                    }},
};

std::vector<Key<ModelRoute>> keys_of_route() {
  std::vector<Key<ModelRoute>> keys(kRouteKeys.begin(), kRouteKeys.end());
  keys.insert(keys.end(), rule_keys().begin(), rule_keys().end());
  return keys;
}

void decode_targets(Decoder& decoder, const Node& entry, const Draft& draft, RouteDraft& out) {
  const Node* node = decoder.given(entry, "targets");
  if (node == nullptr) return;
  const auto items = decoder.list(*node);
  if (!items) return;
  if (items->empty()) decoder.error(*node, "a route needs at least one target");
  if (items->size() > ModelRoute::kTargetsMax) {
    decoder.error(*node, fmt::format("a route has at most {} targets, found {}",
                                     ModelRoute::kTargetsMax, items->size()));
    return;
  }
  for (const Node& item : *items) {
    if (item.kind == Node::Kind::kNull) {
      out.has_skipped_targets = true;
    } else {
      decode_target(decoder, item, draft, out);
    }
  }
}

void decode_route(Decoder& decoder, const Node& entry, Draft& draft) {
  if (!decoder.expect_map(entry)) return;
  if (is_skipped(entry, "model", decoder)) return;
  RouteDraft made;
  made.route.rules = draft.settings.routing.defaults;
  made.nodes.route = entry;
  const std::vector<Key<ModelRoute>> keys = keys_of_route();
  decode_section<ModelRoute>(decoder, entry, keys, made.route);
  decode_targets(decoder, entry, draft, made);
  if (made.route.targets.empty() && made.has_skipped_targets) {
    draft.skipped_names.push_back(made.route.model);
    return decoder.warning(entry, "not served: none of its targets is");
  }
  draft.settings.routing.routes.push_back(std::move(made.route));
  draft.route_nodes.push_back(std::move(made.nodes));
}

void decode_routes(Decoder& decoder, const Node& node, Draft& draft) {
  const auto entries = decoder.list(node);
  if (!entries) return;
  for (const Node& entry : *entries) decode_route(decoder, entry, draft);
}

void decode_defaults(Decoder& decoder, const Node& node, Draft& draft) {
  ModelRoute every;
  decode_section<ModelRoute>(decoder, node, rule_keys(), every);
  draft.settings.routing.defaults = std::move(every.rules);
  draft.route_defaults = node;
}

constexpr std::string_view kDefaults = "defaults";

constexpr std::array kRoutingKeys = {
    Key<Draft>{kDefaults, "mapping", "{}", decode_defaults, Use::kOptional,
               [](const std::string& path, KnownKeys& out) {
                 list_section<ModelRoute>(path, rule_keys(), out);
               }},
    // Its items have the keys of the defaults too.
    Key<Draft>{"routes", "list", "[]", decode_routes, Use::kOptional,
               [](const std::string& path, KnownKeys& out) {
                 list_section<ModelRoute>(path + "[]", kRouteKeys, out);
               }},
};

}  // namespace

void decode_routing(Decoder& decoder, const Node& node, Draft& draft) {
  // Defaults first, wherever they are: each route begins with them.
  Node ordered = node;
  std::ranges::stable_partition(ordered.children,
                                [](const Node& entry) { return entry.key == kDefaults; });
  decode_section<Draft>(decoder, ordered, kRoutingKeys, draft);
}

void list_routing_keys(const std::string& path, KnownKeys& out) {
  list_section<Draft>(path, kRoutingKeys, out);
}

}  // namespace penstock::config
