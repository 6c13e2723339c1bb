#include "config/describe_routing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

#include "config/decode_rules.h"
#include "config/described_values.h"

namespace penstock::config {
namespace {

template <class Enumeration, class Words>
std::string_view word_of(Enumeration value, const Words& words) {
  return words[static_cast<std::size_t>(value)];
}

void write_retry(DescriptionWriter& out, const RetryRules& rules) {
  out.open("retry");
  out.literal("on_statuses", fmt::format("[{}]", fmt::join(rules.on_statuses, ", ")));
  out.literal("never_on_statuses", fmt::format("[{}]", fmt::join(rules.never_on_statuses, ", ")));
  out.literal("lost", boolean(rules.lost));
  write_number(out, "body_bytes", rules.body_bytes);
  out.open("budget");
  out.literal("percent", decimal(rules.budget.percent));
  out.literal("min_per_second", decimal(rules.budget.min_per_second));
  out.close();
  out.open("backoff");
  write_time(out, "initial", rules.backoff.initial);
  write_time(out, "max", rules.backoff.max);
  out.close();
  out.close();
}

void write_cooldown(DescriptionWriter& out, const CooldownRules& rules) {
  out.open("cooldown");
  write_time(out, "default", rules.standard);
  write_time(out, "min", rules.min);
  write_time(out, "max", rules.max);
  write_time(out, "quota", rules.quota);
  write_time(out, "credential", rules.credential);
  write_time(out, "model", rules.model);
  out.text("scope", word_of(rules.scope, kCooldownScopes));
  out.literal("read_message", boolean(rules.read_message));
  out.literal("proactive", boolean(rules.proactive));
  out.close();
}

void write_breaker(DescriptionWriter& out, const BreakerRules& rules) {
  out.open("breaker");
  write_number(out, "failures", rules.failures);
  out.literal("failure_rate", decimal(rules.failure_rate));
  write_number(out, "min_requests", rules.min_requests);
  write_time(out, "window", rules.window);
  write_time(out, "open_for", rules.open_for);
  write_time(out, "open_max", rules.open_max);
  write_number(out, "successes", rules.successes);
  write_time(out, "slow_start", rules.slow_start);
  out.literal("max_ejected_percent", decimal(rules.max_ejected_percent));
  out.close();
}

void write_affinity(DescriptionWriter& out, const AffinityRules& rules) {
  out.open("affinity");
  std::vector<std::string> keys;
  for (const AffinityRules::Key key : rules.keys) keys.emplace_back(word_of(key, kAffinityKeys));
  write_texts(out, "keys", keys);
  write_number(out, "prefix_bytes", rules.prefix_bytes);
  out.text("on_pinned_down", word_of(rules.on_pinned_down, kOnPinnedDown));
  out.close();
}

void write_hedge(DescriptionWriter& out, const HedgeRules& rules) {
  if (!rules.is_on) return out.literal("hedge", boolean(false));
  out.open("hedge");
  out.literal("delay", rules.delay ? seconds(*rules.delay) : std::string(kPercentile));
  out.literal("max_percent", decimal(rules.max_percent));
  out.literal("with_tools", boolean(rules.with_tools));
  out.close();
}

void write_check(DescriptionWriter& out, const CheckRules& rules) {
  if (!rules.is_on) return out.literal("check", boolean(false));
  out.open("check");
  out.text("path", rules.path);
  write_time(out, "interval", rules.interval);
  write_time(out, "timeout", rules.timeout);
  out.close();
}

// The rules in which they differ from `known`; all if that is null.
void write_rules(DescriptionWriter& out, const RouteRules& rules, const RouteRules* known) {
  const auto differ = [&](auto field) { return known == nullptr || rules.*field != known->*field; };
  if (differ(&RouteRules::attempts)) write_number(out, "attempts", rules.attempts);
  if (differ(&RouteRules::balance)) out.text("balance", word_of(rules.balance, kBalances));
  if (differ(&RouteRules::retry)) write_retry(out, rules.retry);
  if (differ(&RouteRules::cooldown)) write_cooldown(out, rules.cooldown);
  if (differ(&RouteRules::breaker)) write_breaker(out, rules.breaker);
  if (differ(&RouteRules::hold)) {
    out.open("hold");
    write_number(out, "bytes", rules.hold.bytes);
    write_number(out, "events", rules.hold.events);
    out.close();
  }
  if (differ(&RouteRules::affinity)) write_affinity(out, rules.affinity);
  if (differ(&RouteRules::queue)) {
    out.open("queue");
    write_number(out, "size", rules.queue.size);
    write_time(out, "wait", rules.queue.wait);
    out.close();
  }
  if (differ(&RouteRules::hedge)) write_hedge(out, rules.hedge);
  if (differ(&RouteRules::check)) write_check(out, rules.check);
  if (differ(&RouteRules::timeouts)) write_route_timeouts(out, "timeouts", rules.timeouts);
}

void write_target(DescriptionWriter& out, const RouteTarget& target, const Settings& settings) {
  out.open_item();
  out.text("provider", settings.providers[target.provider].id);
  if (!target.model.empty()) out.text("model", target.model);
  write_number(out, "weight", target.weight);
  write_number(out, "priority", target.priority);
  write_number(out, "max_concurrency", target.max_concurrency);
  write_route_timeouts(out, "timeouts", target.timeouts);
  out.close();
}

void write_fallbacks(DescriptionWriter& out, const ModelRoute::Fallbacks& fallbacks) {
  out.open("fallbacks");
  write_texts(out, "any", fallbacks.any);
  write_texts(out, "context_window", fallbacks.context_window);
  write_texts(out, "content_policy", fallbacks.content_policy);
  out.close();
}

void write_route(DescriptionWriter& out, const ModelRoute& route, const Settings& settings) {
  out.open_item();
  out.text("model", route.model);
  out.literal("hidden", boolean(route.hidden));
  out.open("targets");
  for (const RouteTarget& target : route.targets) write_target(out, target, settings);
  out.close();
  write_fallbacks(out, route.fallbacks);
  write_rules(out, route.rules, out.wants_inherited() ? nullptr : &settings.routing.defaults);
  out.close();
}

}  // namespace

void write_route_timeouts(DescriptionWriter& out, std::string_view key,
                          const RouteTimeouts& timeouts) {
  if (timeouts == RouteTimeouts()) return;
  const auto write = [&](std::string_view name, const std::optional<milliseconds>& limit) {
    if (limit) write_time(out, name, *limit);
  };
  out.open(key);
  write("connect", timeouts.connect);
  write("first_byte", timeouts.first_byte);
  write("first_token", timeouts.first_token);
  write("between_bytes", timeouts.between_bytes);
  write("request", timeouts.request);
  out.close();
}

void write_routing(DescriptionWriter& out, const Settings& settings) {
  const Routing& routing = settings.routing;
  out.open("routing");
  out.open("defaults");
  write_rules(out, routing.defaults, nullptr);
  out.close();
  if (std::ranges::any_of(routing.routes, &ModelRoute::is_written)) {
    out.open("routes");
    for (const ModelRoute& route : routing.routes) {
      if (route.is_written) write_route(out, route, settings);
    }
    out.close();
  }
  out.close();
}

}  // namespace penstock::config
