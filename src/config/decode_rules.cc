#include "config/decode_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <type_traits>
#include <vector>

#include "config/decode_timeouts.h"
#include "config/measures.h"

namespace penstock::config {
namespace {

constexpr std::size_t kCountMax = 1'000'000;

template <class T, class Field>
T owner_of(Field T::*);
template <auto field>
using Owner = decltype(owner_of(field));

template <auto field, std::size_t least, std::size_t most>
constexpr Key<Owner<field>> count(std::string_view name, std::string_view standard) {
  return {name, "integer", standard, [](Decoder& decoder, const Node& node, Owner<field>& rules) {
            store(decoder.integer(node, {least, most}), rules.*field);
          }};
}

template <auto field, std::size_t least, std::size_t most>
constexpr Key<Owner<field>> size(std::string_view name, std::string_view standard) {
  return {name, "size", standard, [](Decoder& decoder, const Node& node, Owner<field>& rules) {
            store(decoder.size(node, {least, most}), rules.*field);
          }};
}

template <auto field, double least, double most>
constexpr Key<Owner<field>> number(std::string_view name, std::string_view standard) {
  return {name, "number", standard, [](Decoder& decoder, const Node& node, Owner<field>& rules) {
            store(decoder.number(node, {least, most}), rules.*field);
          }};
}

template <auto field, milliseconds::rep least_ms = kShortest.count()>
constexpr Key<Owner<field>> duration(std::string_view name, std::string_view standard) {
  return {name, "duration", standard, [](Decoder& decoder, const Node& node, Owner<field>& rules) {
            store(decoder.duration(node, {milliseconds(least_ms), kLongest}), rules.*field);
          }};
}

template <auto field>
constexpr Key<Owner<field>> flag(std::string_view name, std::string_view standard) {
  return {name, "boolean", standard, [](Decoder& decoder, const Node& node, Owner<field>& rules) {
            store(decoder.boolean(node), rules.*field);
          }};
}

template <auto field, auto& words>
constexpr Key<Owner<field>> word(std::string_view name, std::string_view type,
                                 std::string_view standard) {
  return {name, type, standard, [](Decoder& decoder, const Node& node, Owner<field>& rules) {
            store(decoder.choice(node, words), rules.*field);
          }};
}

// A mapping within another one, which has the table `keys`.
template <auto field, auto& keys>
constexpr Key<Owner<field>> section(std::string_view name) {
  using Inner = std::remove_reference_t<decltype(std::declval<Owner<field>&>().*field)>;
  return {name,
          "mapping",
          "{}",
          [](Decoder& decoder, const Node& node, Owner<field>& rules) {
            decode_section<Inner>(decoder, node, keys, rules.*field);
          },
          Use::kOptional,
          [](const std::string& path, KnownKeys& out) { list_section<Inner>(path, keys, out); }};
}

// `first` may not be longer than `second`. A rule that only one of them breaks is said to be wrong
// there.
void check_order(Decoder& decoder, const Node& node, std::string_view first, milliseconds shorter,
                 std::string_view second, milliseconds longer) {
  if (shorter <= longer) return;
  const Node* place = decoder.given(node, first);
  if (place == nullptr) place = decoder.given(node, second);
  if (place == nullptr) return;  // where both come from, it has been reported
  decoder.error(*place, fmt::format("`{}` ({:g} s) is longer than `{}` ({:g} s)", first,
                                    static_cast<double>(shorter.count()) / 1000, second,
                                    static_cast<double>(longer.count()) / 1000));
}

template <std::vector<int> RetryRules::* field>
void decode_statuses(Decoder& decoder, const Node& node, RetryRules& rules) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  (rules.*field).clear();
  for (const Node& item : *items) {
    if (const auto status = decoder.integer(item, {400, 599})) {
      (rules.*field).push_back(static_cast<int>(*status));
    }
  }
}

constexpr std::array kBudgetKeys = {
    number<&RetryRules::Budget::percent, 0.0, 100.0>("percent", "20"),
    number<&RetryRules::Budget::min_per_second, 0.0, 1e6>("min_per_second", "3"),
};

constexpr std::array kBackoffKeys = {
    duration<&RetryRules::Backoff::initial, 0>("initial", "0.25"),
    duration<&RetryRules::Backoff::max, 0>("max", "5"),
};

void decode_backoff(Decoder& decoder, const Node& node, RetryRules& rules) {
  decode_section<RetryRules::Backoff>(decoder, node, kBackoffKeys, rules.backoff);
  check_order(decoder, node, "initial", rules.backoff.initial, "max", rules.backoff.max);
}

constexpr std::array kRetryKeys = {
    Key<RetryRules>{"on_statuses", "list of integers", "[]",
                    decode_statuses<&RetryRules::on_statuses>},
    Key<RetryRules>{"never_on_statuses", "list of integers", "[]",
                    decode_statuses<&RetryRules::never_on_statuses>},
    flag<&RetryRules::lost>("lost", "true"),
    size<&RetryRules::body_bytes, 0, 64 * kGib>("body_bytes", "1MiB"),
    section<&RetryRules::budget, kBudgetKeys>("budget"),
    Key<RetryRules>{"backoff", "mapping", "{}", decode_backoff, Use::kOptional,
                    [](const std::string& path, KnownKeys& out) {
                      list_section<RetryRules::Backoff>(path, kBackoffKeys, out);
                    }},
};

void decode_retry(Decoder& decoder, const Node& node, ModelRoute& route) {
  RetryRules& rules = route.rules.retry;
  decode_section<RetryRules>(decoder, node, kRetryKeys, rules);
  for (const int status : rules.on_statuses) {
    if (std::ranges::count(rules.never_on_statuses, status) == 0) continue;
    decoder.error(node, fmt::format("{} is in on_statuses and in never_on_statuses; remove it from "
                                    "one of them",
                                    status));
  }
}

constexpr std::array kCooldownKeys = {
    duration<&CooldownRules::standard, 0>("default", "5"),
    duration<&CooldownRules::min, 0>("min", "0.1"),
    duration<&CooldownRules::max>("max", "600"),
    duration<&CooldownRules::quota, 0>("quota", "600"),
    duration<&CooldownRules::credential, 0>("credential", "60"),
    duration<&CooldownRules::model, 0>("model", "60"),
    word<&CooldownRules::scope, kCooldownScopes>("scope", "target or credential", "target"),
    flag<&CooldownRules::read_message>("read_message", "true"),
    flag<&CooldownRules::proactive>("proactive", "false"),
};

void decode_cooldown(Decoder& decoder, const Node& node, ModelRoute& route) {
  CooldownRules& rules = route.rules.cooldown;
  decode_section<CooldownRules>(decoder, node, kCooldownKeys, rules);
  check_order(decoder, node, "min", rules.min, "max", rules.max);
}

constexpr std::array kBreakerKeys = {
    count<&BreakerRules::failures, 1, kCountMax>("failures", "5"),
    number<&BreakerRules::failure_rate, 0.01, 1.0>("failure_rate", "0.5"),
    count<&BreakerRules::min_requests, 1, kCountMax>("min_requests", "20"),
    duration<&BreakerRules::window>("window", "10"),
    duration<&BreakerRules::open_for>("open_for", "10"),
    duration<&BreakerRules::open_max>("open_max", "300"),
    count<&BreakerRules::successes, 1, 1'000>("successes", "2"),
    duration<&BreakerRules::slow_start, 0>("slow_start", "10"),
    number<&BreakerRules::max_ejected_percent, 0.0, 100.0>("max_ejected_percent", "100"),
};

void decode_breaker(Decoder& decoder, const Node& node, ModelRoute& route) {
  BreakerRules& rules = route.rules.breaker;
  decode_section<BreakerRules>(decoder, node, kBreakerKeys, rules);
  check_order(decoder, node, "open_for", rules.open_for, "open_max", rules.open_max);
}

constexpr std::array kHoldKeys = {
    size<&HoldRules::bytes, 0, kGib>("bytes", "64KiB"),
    count<&HoldRules::events, 0, kCountMax>("events", "64"),
};

void decode_affinity_keys(Decoder& decoder, const Node& node, AffinityRules& rules) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  rules.keys.clear();
  for (const Node& item : *items) {
    const auto index = decoder.choice(item, kAffinityKeys);
    if (!index) continue;
    const auto key = static_cast<AffinityRules::Key>(*index);
    if (std::ranges::count(rules.keys, key) > 0) {
      decoder.error(item, "this key is in the list already");
    } else {
      rules.keys.push_back(key);
    }
  }
}

constexpr std::array kAffinityRulesKeys = {
    Key<AffinityRules>{"keys", "list of session, prompt_cache_key, user, prefix or api_key", "[]",
                       decode_affinity_keys},
    size<&AffinityRules::prefix_bytes, 1, kMib>("prefix_bytes", "4KiB"),
    word<&AffinityRules::on_pinned_down, kOnPinnedDown>("on_pinned_down", "error, strip or any",
                                                        "error"),
};

constexpr std::array kQueueKeys = {
    count<&QueueRules::size, 0, kCountMax>("size", "100"),
    duration<&QueueRules::wait, 0>("wait", "0"),
};

void decode_hedge_delay(Decoder& decoder, const Node& node, HedgeRules& rules) {
  if (node.kind == Node::Kind::kScalar && node.text == kPercentile) {
    rules.delay.reset();
  } else if (node.kind == Node::Kind::kScalar && node.text.starts_with('p')) {
    decoder.error(node, fmt::format("expected {}, or a duration", kPercentile));
  } else {
    store(decoder.duration(node, {kShortest, kLongest}), rules.delay);
  }
}

constexpr std::array kHedgeKeys = {
    Key<HedgeRules>{"delay", "p95 or duration", "p95", decode_hedge_delay},
    number<&HedgeRules::max_percent, 0.0, 100.0>("max_percent", "5"),
    flag<&HedgeRules::with_tools>("with_tools", "false"),
};

void decode_check_path(Decoder& decoder, const Node& node, CheckRules& rules) {
  const auto path = decoder.text(node);
  if (!path) return;
  const bool is_path = path->starts_with('/') && std::ranges::all_of(*path, [](char c) {
                         return c > ' ' && c < 0x7F && c != '#';
                       });
  if (is_path) {
    rules.path = *path;
  } else {
    decoder.error(node, "expected a path, such as /v1/models");
  }
}

constexpr std::array kCheckKeys = {
    Key<CheckRules>{"path", "text", "/v1/models", decode_check_path},
    duration<&CheckRules::interval, 100>("interval", "10"),
    duration<&CheckRules::timeout>("timeout", "5"),
};

// A section that is off unless the file has it. `true` is the section without a key, and `false`
// takes back what the defaults say.
template <auto field, auto& keys>
constexpr Key<ModelRoute> optional_section(std::string_view name) {
  using Rules = std::remove_reference_t<decltype(std::declval<RouteRules&>().*field)>;
  return {name,
          "boolean or mapping",
          "false",
          [](Decoder& decoder, const Node& node, ModelRoute& route) {
            Rules& rules = route.rules.*field;
            if (node.kind == Node::Kind::kScalar) {
              return store(decoder.boolean(node), rules.is_on);
            }
            rules.is_on = true;
            decode_section<Rules>(decoder, node, keys, rules);
          },
          Use::kOptional,
          [](const std::string& path, KnownKeys& out) { list_section<Rules>(path, keys, out); }};
}

template <auto field, auto& keys>
constexpr Key<ModelRoute> rules_section(std::string_view name) {
  using Rules = std::remove_reference_t<decltype(std::declval<RouteRules&>().*field)>;
  return {name,
          "mapping",
          "{}",
          [](Decoder& decoder, const Node& node, ModelRoute& route) {
            decode_section<Rules>(decoder, node, keys, route.rules.*field);
          },
          Use::kOptional,
          [](const std::string& path, KnownKeys& out) { list_section<Rules>(path, keys, out); }};
}

constexpr std::array kRuleKeys = {
    Key<ModelRoute>{"attempts", "integer", "3",
                    [](Decoder& decoder, const Node& node, ModelRoute& route) {
                      store(decoder.integer(node, {1, 100}), route.rules.attempts);
                    }},
    Key<ModelRoute>{"balance", "weighted, least_busy, latency, round_robin, random or first",
                    "weighted",
                    [](Decoder& decoder, const Node& node, ModelRoute& route) {
                      store(decoder.choice(node, kBalances), route.rules.balance);
                    }},
    Key<ModelRoute>{"retry", "mapping", "{}", decode_retry, Use::kOptional,
                    [](const std::string& path, KnownKeys& out) {
                      list_section<RetryRules>(path, kRetryKeys, out);
                    }},
    Key<ModelRoute>{"cooldown", "mapping", "{}", decode_cooldown, Use::kOptional,
                    [](const std::string& path, KnownKeys& out) {
                      list_section<CooldownRules>(path, kCooldownKeys, out);
                    }},
    Key<ModelRoute>{"breaker", "mapping", "{}", decode_breaker, Use::kOptional,
                    [](const std::string& path, KnownKeys& out) {
                      list_section<BreakerRules>(path, kBreakerKeys, out);
                    }},
    rules_section<&RouteRules::hold, kHoldKeys>("hold"),
    rules_section<&RouteRules::affinity, kAffinityRulesKeys>("affinity"),
    rules_section<&RouteRules::queue, kQueueKeys>("queue"),
    optional_section<&RouteRules::hedge, kHedgeKeys>("hedge"),
    optional_section<&RouteRules::check, kCheckKeys>("check"),
    Key<ModelRoute>{"timeouts", "mapping", "{}",
                    [](Decoder& decoder, const Node& node, ModelRoute& route) {
                      decode_route_timeouts(decoder, node, route.rules.timeouts);
                    },
                    Use::kOptional, list_route_timeouts_keys},
};

}  // namespace

std::span<const Key<ModelRoute>> rule_keys() {
  return kRuleKeys;
}

}  // namespace penstock::config
