#include "config/decode_limit_rules.h"

#include <array>
#include <string>

#include "config/decode_terms.h"
#include "core/text.h"

namespace penstock::config {
namespace {

constexpr std::uint64_t kRetentionMax = 3650;
constexpr std::uint64_t kQuotaMax = 1'000'000'000;

void decode_retention(Decoder& decoder, const Node& node, UsageRules& usage) {
  const auto text = decoder.text(node);
  if (!text) return;
  const auto days = text->ends_with('d')
                        ? parse_decimal(std::string_view(*text).substr(0, text->size() - 1))
                        : std::nullopt;
  if (!days || *days < 1 || *days > kRetentionMax) {
    return decoder.error(node, "expected days, from 1d to 3650d");
  }
  usage.retention = std::chrono::days(*days);
}

constexpr std::array kUsageKeys = {
    Key<UsageRules>{"inject", "never, when_limited or always", "when_limited",
                    [](Decoder& decoder, const Node& node, UsageRules& usage) {
                      store(decoder.choice(node, kInjections), usage.inject);
                    }},
    Key<UsageRules>{"retention", "days", "30d", decode_retention},
    Key<UsageRules>{"log", "boolean", "true",
                    [](Decoder& decoder, const Node& node, UsageRules& usage) {
                      store(decoder.boolean(node), usage.log);
                    }},
};

constexpr std::array kLimitRulesKeys = {
    Key<LimitRules>{"defaults", "mapping", "{}",
                    [](Decoder& decoder, const Node& node, LimitRules& rules) {
                      decode_section<Terms>(decoder, node, rate_keys(), rules.defaults);
                    },
                    Use::kOptional,
                    [](const std::string& path, KnownKeys& out) {
                      list_section<Terms>(path, rate_keys(), out);
                    }},
    Key<LimitRules>{"reserve", "exact or learned", "learned",
                    [](Decoder& decoder, const Node& node, LimitRules& rules) {
                      store(decoder.choice(node, kReserves), rules.reserve);
                    }},
    Key<LimitRules>{"on_store_down", "local, closed or open", "local",
                    [](Decoder& decoder, const Node& node, LimitRules& rules) {
                      store(decoder.choice(node, kOnStoreDown), rules.on_store_down);
                    }},
    Key<LimitRules>{"usage", "mapping", "{}",
                    [](Decoder& decoder, const Node& node, LimitRules& rules) {
                      decode_section<UsageRules>(decoder, node, kUsageKeys, rules.usage);
                    },
                    Use::kOptional,
                    [](const std::string& path, KnownKeys& out) {
                      list_section<UsageRules>(path, kUsageKeys, out);
                    }},
};

template <std::int64_t Quota::* field>
constexpr Key<Quota> quota_of(std::string_view name, std::string_view standard) {
  return {name, "integer", standard, [](Decoder& decoder, const Node& node, Quota& quota) {
            store(decoder.integer(node, {0, kQuotaMax}), quota.*field);
          }};
}

// The store is Penstock's own, so `kvstore` has no effect.
constexpr std::array kQuotaKeys = {
    quota_of<&Quota::anonymous_max_requests>("anonymous_max_requests", "100"),
    quota_of<&Quota::authenticated_max_requests>("authenticated_max_requests", "1000"),
    Key<Quota>{"period", "day", "day",
               [](Decoder& decoder, const Node& node, Quota&) {
                 constexpr std::array<std::string_view, 1> kPeriods = {"day"};
                 decoder.choice(node, kPeriods);
               }},
    accepted<Quota>("kvstore"),
};

}  // namespace

void decode_limit_rules(Decoder& decoder, const Node& node, Draft& draft) {
  decode_section<LimitRules>(decoder, node, kLimitRulesKeys, draft.settings.limit_rules);
}

void list_limit_rules_keys(const std::string& path, KnownKeys& out) {
  list_section<LimitRules>(path, kLimitRulesKeys, out);
}

void decode_quota(Decoder& decoder, const Node& node, Server& server) {
  decode_section<Quota>(decoder, node, kQuotaKeys, server.quota.emplace());
}

void list_quota_keys(const std::string& path, KnownKeys& out) {
  list_section<Quota>(path, kQuotaKeys, out);
}

}  // namespace penstock::config
