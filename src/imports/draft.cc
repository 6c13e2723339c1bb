#include "imports/draft.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "config/describe_routing.h"
#include "config/described_values.h"
#include "config/key_name.h"
#include "config/yaml_writer.h"
#include "imports/foreign.h"

namespace penstock::imports {
namespace {

using config::YamlWriter;
using Fallbacks = config::ModelRoute::Fallbacks;

constexpr std::array kLists = {&Fallbacks::any, &Fallbacks::context_window,
                               &Fallbacks::content_policy};

void write_provider(YamlWriter& out, const ProviderDraft& provider) {
  out.open_item();
  out.text("provider_id", provider.id);
  out.text("provider_type", provider.type);
  const bool has_timeouts = provider.timeouts != config::RouteTimeouts();
  if (!provider.url.empty() || !provider.key.empty() || has_timeouts) {
    out.open("config");
    if (!provider.url.empty()) out.text(provider.url_setting, provider.url);
    if (provider.is_path_as_is) out.text("path", "as_is");
    if (!provider.key.empty()) out.text(provider.key_setting, provider.key);
    if (has_timeouts) {
      out.open("network");
      config::write_route_timeouts(out, "timeout", provider.timeouts);
      out.close();
    }
    out.close();
  }
  out.close();
}

template <class Value, class Write>
void write_if(const std::optional<Value>& value, Write write) {
  if (value) write(*value);
}

void write_retry(YamlWriter& out, const RulesDraft& rules) {
  if (rules.on_statuses.empty() && !rules.backoff_initial && !rules.backoff_max) return;
  out.open("retry");
  if (!rules.on_statuses.empty()) {
    out.literal("on_statuses", fmt::format("[{}]", fmt::join(rules.on_statuses, ", ")));
  }
  if (rules.backoff_initial || rules.backoff_max) {
    out.open("backoff");
    if (rules.backoff_initial) out.literal("initial", config::seconds(*rules.backoff_initial));
    if (rules.backoff_max) out.literal("max", config::seconds(*rules.backoff_max));
    out.close();
  }
  out.close();
}

void write_breaker(YamlWriter& out, const RulesDraft& rules) {
  if (!rules.breaker_failures && !rules.breaker_open_for) return;
  constexpr milliseconds kOpenMax = config::BreakerRules().open_max;
  out.open("breaker");
  write_if(rules.breaker_failures,
           [&](std::size_t n) { out.literal("failures", fmt::to_string(n)); });
  write_if(rules.breaker_open_for, [&](milliseconds time) {
    out.literal("open_for", config::seconds(time));
    if (time > kOpenMax) out.literal("open_max", config::seconds(time));
  });
  out.close();
}

void write_rules(YamlWriter& out, const RulesDraft& rules) {
  write_if(rules.attempts, [&](std::size_t n) { out.literal("attempts", fmt::to_string(n)); });
  if (!rules.balance.empty()) out.text("balance", rules.balance);
  write_retry(out, rules);
  write_if(rules.cooldown, [&](milliseconds time) {
    out.open("cooldown");
    out.literal("default", config::seconds(time));
    out.close();
  });
  write_breaker(out, rules);
  config::write_route_timeouts(out, "timeouts", rules.timeouts);
}

void write_target(YamlWriter& out, const TargetDraft& target) {
  out.open_item();
  out.text("provider", target.provider);
  if (!target.model.empty()) out.text("model", target.model);
  if (target.weight != 1) out.literal("weight", fmt::to_string(target.weight));
  if (target.priority != 0) out.literal("priority", fmt::to_string(target.priority));
  if (target.max_concurrency != 0) {
    out.literal("max_concurrency", fmt::to_string(target.max_concurrency));
  }
  config::write_route_timeouts(out, "timeouts", target.timeouts);
  out.close();
}

void write_fallbacks(YamlWriter& out, const Fallbacks& fallbacks) {
  constexpr std::array<std::string_view, 3> kNames = {"any", "context_window", "content_policy"};
  if (std::ranges::all_of(kLists, [&](auto list) { return (fallbacks.*list).empty(); })) return;
  out.open("fallbacks");
  for (std::size_t i = 0; i < kLists.size(); ++i) {
    const std::vector<std::string>& names = fallbacks.*kLists[i];
    if (!names.empty()) config::write_texts(out, kNames[i], names);
  }
  out.close();
}

void write_route(YamlWriter& out, const RouteDraft& route) {
  out.open_item();
  out.text("model", route.model);
  out.open("targets");
  for (const TargetDraft& target : route.targets) write_target(out, target);
  out.close();
  write_fallbacks(out, route.fallbacks);
  write_rules(out, route.rules);
  out.close();
}

}  // namespace

std::string ConfigDraft::provider(ProviderDraft wanted) {
  const std::string id = wanted.id;
  for (ProviderDraft& known : providers_) {
    wanted.id = known.id;
    if (known == wanted) return known.id;
  }
  wanted.id = id;
  for (int count = 2; std::ranges::count(providers_, wanted.id, &ProviderDraft::id) > 0; ++count) {
    wanted.id = fmt::format("{}-{}", id, count);
  }
  providers_.push_back(std::move(wanted));
  return providers_.back().id;
}

RouteDraft& ConfigDraft::route(std::string_view model) {
  const auto found = std::ranges::find(routes_, model, &RouteDraft::model);
  if (found != routes_.end()) return *found;
  return routes_.emplace_back(RouteDraft{.model = std::string(model)});
}

const RouteDraft* ConfigDraft::find_route(std::string_view model) const {
  const auto found = std::ranges::find(routes_, model, &RouteDraft::model);
  return found == routes_.end() ? nullptr : &*found;
}

bool ConfigDraft::leads_to(std::string_view from, std::string_view to) const {
  std::set<std::string_view> seen;
  std::vector<std::string_view> open = {from};
  while (!open.empty()) {
    const std::string_view name = open.back();
    open.pop_back();
    if (name == to) return true;
    const RouteDraft* route = find_route(name);
    if (route == nullptr || !seen.insert(name).second) continue;
    for (const auto list : kLists) {
      open.insert(open.end(), (route->fallbacks.*list).begin(), (route->fallbacks.*list).end());
    }
  }
  return false;
}

void ConfigDraft::add_fallback(std::string_view from, std::vector<std::string> Fallbacks::* list,
                               const std::string& to, const config::Node& node) {
  const bool is_known = find_route(from) != nullptr && find_route(to) != nullptr;
  if (!is_known) {
    return remark(problems_, node,
                  fmt::format("not carried over: there is no model {}",
                              config::shown_key(find_route(from) == nullptr ? from : to)));
  }
  std::vector<std::string>& names = route(from).fallbacks.*list;
  if (std::ranges::count(names, to) > 0) return;
  if (leads_to(to, from)) {
    return remark(problems_, node,
                  fmt::format("not carried over: the fallback of {} to {} would lead in a circle",
                              config::shown_key(from), config::shown_key(to)));
  }
  names.push_back(to);
}

std::string ConfigDraft::text() const {
  YamlWriter out;
  out.literal("version", "2");
  out.open("providers");
  out.open("inference");
  for (const ProviderDraft& provider : providers_) write_provider(out, provider);
  out.close();
  out.close();
  YamlWriter rules;
  write_rules(rules, defaults);
  if (!rules.result().empty() || !routes_.empty()) out.open("routing");
  if (!rules.result().empty()) {
    out.open("defaults");
    write_rules(out, defaults);
    out.close();
  }
  if (!routes_.empty()) {
    out.open("routes");
    for (const RouteDraft& route : routes_) write_route(out, route);
    out.close();
  }
  if (!rules.result().empty() || !routes_.empty()) out.close();
  if (!api_keys.empty()) {
    out.open("server");
    out.open("api_keys");
    for (const ApiKeyDraft& key : api_keys) {
      out.open_item();
      out.text("name", key.name);
      out.text("key", key.key);
      if (!key.role.empty()) out.text("role", key.role);
      out.close();
    }
    out.close();
    out.close();
  }
  return out.result();
}

}  // namespace penstock::imports
