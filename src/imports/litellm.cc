#include "imports/litellm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "config/key_name.h"
#include "config/scalar.h"
#include "imports/foreign.h"
#include "imports/litellm_provider.h"

namespace penstock::imports {
namespace {

using config::Node;
using Fallbacks = config::ModelRoute::Fallbacks;

// A deployment: where its target is, and what decides about weight and priority.
struct Deployment {
  std::string model_name;
  std::size_t target = 0;  // of its route
  std::optional<std::size_t> order = {};
  std::optional<double> weight = {};
  std::optional<double> requests = {};  // rpm
  std::optional<double> tokens = {};    // tpm
};

std::optional<double> take_number(Section& section, std::string_view key) {
  const Node* node = section.take(key);
  if (node == nullptr) return std::nullopt;
  const auto number = config::parse_number(node->text);
  if (!number) remark(section.problems(), *node, "not carried over: expected a number");
  return number;
}

class LiteLlmImport {
 public:
  LiteLlmImport(ConfigDraft& draft, config::Problems& problems)
      : draft_(draft), problems_(problems) {}

  void run(const Node& file) {
    Section top(file, problems_);
    for (const Node& entry : top.take_list("model_list")) read_deployment(entry);
    settle_groups();
    const Node* router = top.take("router_settings");
    const Node* general = top.take("litellm_settings");
    // The settings of the router come last, and win.
    for (const Node* node : {general, router}) {
      if (node != nullptr) read_settings(*node);
    }
    if (const Node* node = top.take("general_settings")) read_general(*node);
    top.leave();
  }

 private:
  void read_deployment(const Node& entry) {
    Section section(entry, problems_);
    const std::string name = section.take_text("model_name");
    const Node* params_node = section.take("litellm_params");
    if (name.empty() || params_node == nullptr) {
      return remark(problems_, entry, "not carried over: it needs model_name and litellm_params");
    }
    Section params(*params_node, problems_);
    std::optional<LiteLlmPlace> place = litellm_place(params);
    if (place) add_target(name, std::move(*place), section, params);
  }

  void add_target(const std::string& name, LiteLlmPlace place, Section& section, Section& params) {
    TargetDraft target{.provider = "", .model = std::move(place.model)};
    Deployment deployment{.model_name = name};
    deployment.order = params.take_count("order", 1'000);
    deployment.weight = take_number(params, "weight");
    deployment.requests = take_limit(section, params, "rpm");
    deployment.tokens = take_limit(section, params, "tpm");
    target.max_concurrency = params.take_count("max_parallel_requests", 1'000'000).value_or(0);
    read_timeouts(params, target.timeouts);
    params.leave();
    section.leave();
    if (name.ends_with('*')) {
      // Every model of a provider is served under `provider_id/model` in any case.
      const std::string id = draft_.provider(std::move(place.provider));
      if (name == id + "/*" && target.model == "*") return;
      return remark(problems_, *section.node().find("model_name"),
                    fmt::format("not carried over: the models are served as {}/…", id));
    }
    target.provider = draft_.provider(std::move(place.provider));
    RouteDraft& route = draft_.route(name);
    const bool is_repeated = std::ranges::any_of(route.targets, [&](const TargetDraft& other) {
      return other.provider == target.provider && other.model == target.model;
    });
    if (is_repeated) {
      return remark(problems_, section.node(),
                    "not carried over: the same provider and model are there already");
    }
    deployment.target = route.targets.size();
    route.targets.push_back(std::move(target));
    deployments_.push_back(std::move(deployment));
  }

  std::optional<double> take_limit(Section& section, Section& params, std::string_view key) {
    std::optional<double> limit;
    for (Section* place : {&params, &section}) {
      const Node* node = place->take(key);
      if (node == nullptr) continue;
      limit = config::parse_number(node->text);
      remark(problems_, *node,
             "not carried over as a limit: a target is left alone when its upstream answers 429. "
             "It counts as a weight where no `weight` is given");
    }
    return limit;
  }

  static void read_timeouts(Section& section, config::RouteTimeouts& timeouts) {
    const auto read = [&](std::string_view key, std::optional<milliseconds>& out) {
      const auto time = section.take_duration(key);
      if (time && *time > milliseconds(0)) out = time;
    };
    read("timeout", timeouts.first_byte);
    read("request_timeout", timeouts.first_byte);
    read("stream_timeout", timeouts.first_token);
    read("ttft_timeout", timeouts.first_token);
    read("stream_idle_timeout", timeouts.between_bytes);
  }

  // Deployments without an order are asked after all that have one.
  void settle_groups() {
    std::set<std::string> names;
    for (const Deployment& deployment : deployments_) names.insert(deployment.model_name);
    for (const std::string& name : names) {
      std::vector<const Deployment*> group;
      std::set<std::size_t> orders;
      for (const Deployment& each : deployments_) {
        if (each.model_name != name) continue;
        group.push_back(&each);
        if (each.order) orders.insert(*each.order);
      }
      RouteDraft& route = draft_.route(name);
      for (const Deployment* each : group) {
        const auto end = each->order ? orders.find(*each->order) : orders.end();
        route.targets[each->target].priority =
            static_cast<std::size_t>(std::distance(orders.begin(), end));
      }
      settle_weights(route, group);
    }
  }

  // By the first of weight, rpm and tpm that any of them has; then those without it have none.
  static void settle_weights(RouteDraft& route, const std::vector<const Deployment*>& group) {
    for (const auto field : {&Deployment::weight, &Deployment::requests, &Deployment::tokens}) {
      const auto has_it = [&](const Deployment* each) { return (each->*field).has_value(); };
      if (std::ranges::none_of(group, has_it)) continue;
      const double scale = scale_of(group, field);
      for (const Deployment* each : group) {
        TargetDraft& target = route.targets[each->target];
        const bool alone = std::ranges::none_of(group, [&](const Deployment* other) {
          return has_it(other) && route.targets[other->target].priority == target.priority;
        });
        const double weight = (each->*field).value_or(alone ? 1 / scale : 0);
        target.weight = static_cast<std::size_t>(std::lround(weight * scale));
      }
      return;
    }
  }

  // Ours are whole numbers up to a million.
  static double scale_of(const std::vector<const Deployment*>& group,
                         std::optional<double> Deployment::* field) {
    constexpr double kMax = 1e6;
    double largest = 1;
    bool is_whole = true;
    for (const Deployment* each : group) {
      const double weight = (each->*field).value_or(0);
      largest = std::max(largest, weight);
      is_whole = is_whole && weight == std::floor(weight);
    }
    return std::min(is_whole ? 1.0 : 100.0, kMax / largest);
  }

  void read_settings(const Node& node) {
    Section section(node, problems_);
    RulesDraft& rules = draft_.defaults;
    read_timeouts(section, rules.timeouts);
    if (const auto retries = section.take_count("num_retries", 99)) rules.attempts = *retries + 1;
    if (const auto fails = section.take_count("allowed_fails", 100'000)) {
      rules.breaker_failures = *fails + 1;
    }
    const auto cooldown = section.take_duration("cooldown_time");
    if (cooldown && *cooldown > milliseconds(0)) {
      rules.cooldown = cooldown;
      rules.breaker_open_for = cooldown;
    }
    read_strategy(section);
    if (const Node* aliases = section.take("model_group_alias")) read_aliases(*aliases);
    read_fallbacks(section, "fallbacks", &Fallbacks::any);
    read_fallbacks(section, "context_window_fallbacks", &Fallbacks::context_window);
    read_fallbacks(section, "content_policy_fallbacks", &Fallbacks::content_policy);
    for (const Node& name : section.take_list("default_fallbacks")) read_default_fallback(name);
    section.leave();
  }

  void read_strategy(Section& section) {
    const Node* node = section.take("routing_strategy");
    if (node == nullptr) return;
    struct Strategy {
      std::string_view name;
      std::string_view balance;
    };
    constexpr std::array kStrategies = {Strategy{"simple-shuffle", "weighted"},
                                        Strategy{"least-busy", "least_busy"},
                                        Strategy{"latency-based-routing", "latency"}};
    const auto* found = std::ranges::find(kStrategies, node->text, &Strategy::name);
    if (found != kStrategies.end()) {
      draft_.defaults.balance = found->balance;
    } else {
      remark(problems_, *node, "not carried over: targets are chosen by their weights");
    }
  }

  void read_aliases(const Node& aliases) {
    for (const Node& alias : aliases.children) {
      const Node* model = alias.kind == Node::Kind::kMap ? alias.find("model") : &alias;
      const RouteDraft* known = model == nullptr ? nullptr : draft_.find_route(model->text);
      if (known == nullptr || draft_.find_route(alias.key) != nullptr) {
        remark(problems_, alias, "not carried over: no such model, or its name is taken");
        continue;
      }
      const RouteDraft copied = *known;
      draft_.route(alias.key).targets = copied.targets;
      if (alias.find("hidden") != nullptr) {
        remark(problems_, *alias.find("hidden"),
               "not carried over: the alias is listed; our hidden routes are only fallbacks");
      }
    }
  }

  // [{model: [others]}]
  void read_fallbacks(Section& section, std::string_view key,
                      std::vector<std::string> Fallbacks::* list) {
    for (const Node& item : section.take_list(key)) {
      for (const Node& entry : item.children) {
        for (const Node& name : entry.children) {
          if (name.kind == Node::Kind::kScalar) {
            draft_.add_fallback(entry.key, list, name.text, name);
          } else {
            remark(problems_, name, "not carried over: expected the name of a model");
          }
        }
      }
    }
  }

  // For each model that has no fallbacks of its own, where it leads in no circle.
  void read_default_fallback(const Node& name) {
    std::vector<std::string> models;
    for (const RouteDraft& route : draft_.routes()) {
      const bool is_free = route.fallbacks.any.empty() || route.fallbacks.any.back() == name.text;
      if (route.model != name.text && (is_free || defaulted_.contains(route.model))) {
        models.push_back(route.model);
      }
    }
    for (const std::string& model : models) {
      defaulted_.insert(model);
      draft_.add_fallback(model, &Fallbacks::any, name.text, name);
    }
  }

  void read_general(const Node& node) {
    Section section(node, problems_);
    if (const Node* key = section.take("master_key")) {
      draft_.api_keys.push_back(
          {"master", litellm_secret(*key, "LITELLM_MASTER_KEY", problems_), "admin"});
    }
    section.leave();
  }

  ConfigDraft& draft_;
  config::Problems& problems_;
  std::vector<Deployment> deployments_;
  std::set<std::string> defaulted_;  // models that have default fallbacks
};

}  // namespace

void import_litellm(const Node& file, ConfigDraft& draft, config::Problems& problems) {
  LiteLlmImport(draft, problems).run(file);
}

}  // namespace penstock::imports
