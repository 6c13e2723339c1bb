#include "config/decode_terms.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>

#include "config/decode_budget.h"
#include "config/terms_words.h"

namespace penstock::config {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kOpenRequestsMax = 1'000'000'000;
constexpr milliseconds kPeriodMin = std::chrono::seconds(1);
constexpr milliseconds kPeriodMax = std::chrono::hours(1);

void add_rate(Decoder& decoder, const Node& node, RateRule rule, Terms& terms) {
  const bool is_known = std::ranges::any_of(terms.rates, [&](const RateRule& other) {
    return other.quantity == rule.quantity && other.period == rule.period &&
           other.models == rule.models;
  });
  if (is_known) {
    return decoder.error(node, fmt::format("there is another limit of {} for this period and "
                                           "these models; keep one of them",
                                           word_for(rule.quantity, kQuantities)));
  }
  terms.rates.push_back(std::move(rule));
}

template <Quantity quantity>
void decode_per_minute(Decoder& decoder, const Node& node, Terms& terms) {
  const auto amount = decode_amount(decoder, node, quantity, 0);
  if (!amount || *amount == 0) return;
  add_rate(decoder, node, {.quantity = quantity, .amount = *amount}, terms);
}

template <Quantity quantity>
constexpr Key<Terms> rate_of_a_minute() {
  return {kPerMinute[static_cast<std::size_t>(quantity)], "integer", "0",
          decode_per_minute<quantity>};
}

// A limit while its entry is decoded: what its amounts count may stand after them.
struct RateDraft {
  RateRule rule;
  std::optional<Node> amount;
  std::optional<Node> burst;
};

constexpr std::array kLimitKeys = {
    Key<RateDraft>{"quantity", "requests, input_tokens, output_tokens, tokens or cost", "",
                   [](Decoder& decoder, const Node& node, RateDraft& draft) {
                     store(decoder.choice(node, kQuantities), draft.rule.quantity);
                   },
                   Use::kRequired},
    Key<RateDraft>{"amount", "integer or amount of dollars", "",
                   [](Decoder&, const Node& node, RateDraft& draft) { draft.amount = node; },
                   Use::kRequired},
    Key<RateDraft>{"period", "duration", "60",
                   [](Decoder& decoder, const Node& node, RateDraft& draft) {
                     store(decoder.duration(node, {kPeriodMin, kPeriodMax}), draft.rule.period);
                   }},
    Key<RateDraft>{"burst", "integer or amount of dollars", "0",
                   [](Decoder&, const Node& node, RateDraft& draft) { draft.burst = node; }},
    Key<RateDraft>{"models", "pattern", "none",
                   [](Decoder& decoder, const Node& node, RateDraft& draft) {
                     decode_pattern(decoder, node, draft.rule.models);
                   }},
};

void decode_rate(Decoder& decoder, const Node& node, Terms& terms) {
  RateDraft draft;
  decode_section<RateDraft>(decoder, node, kLimitKeys, draft);
  if (!draft.amount) return;  // reported
  RateRule& rule = draft.rule;
  store(decode_amount(decoder, *draft.amount, rule.quantity, 1), rule.amount);
  if (draft.burst) store(decode_amount(decoder, *draft.burst, rule.quantity, 0), rule.burst);
  add_rate(decoder, node, std::move(rule), terms);
}

void decode_rates(Decoder& decoder, const Node& node, Terms& terms) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  for (const Node& item : *items) decode_rate(decoder, item, terms);
}

// The items of a list of what is permitted. An empty one permits everything, which is not what
// whoever writes one expects; least of all if all of its items have been substituted by nothing.
std::vector<Node> permitted_items(Decoder& decoder, const Node& node) {
  auto items = decoder.given_items(node);
  if (!items) return {};
  if (items->empty() && node.kind == Node::Kind::kList) {
    decoder.error(node,
                  "this list is empty, so nothing would be restricted; list what is "
                  "permitted, or leave the key out");
  }
  return std::move(*items);
}

void add_texts(Decoder& decoder, const std::vector<Node>& items, std::vector<std::string>& out) {
  for (const Node& item : items) {
    const auto text = decoder.text(item);
    if (!text) continue;
    if (text->empty()) {
      decoder.error(item, "expected text, found nothing");
    } else {
      out.push_back(*text);
    }
  }
}

template <std::vector<std::string> Terms::* field>
void decode_permitted(Decoder& decoder, const Node& node, Terms& terms) {
  (terms.*field).clear();
  add_texts(decoder, permitted_items(decoder, node), terms.*field);
}

void decode_denied_models(Decoder& decoder, const Node& node, Terms& terms) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  terms.denied_models.clear();
  add_texts(decoder, *items, terms.denied_models);
}

void decode_permitted_routes(Decoder& decoder, const Node& node, Terms& terms) {
  terms.routes.clear();
  for (const Node& item : permitted_items(decoder, node)) {
    const auto path = decoder.text(item);
    if (!path) continue;
    if (path->starts_with('/')) {
      terms.routes.push_back(*path);
    } else {
      decoder.error(item, "expected a path, such as /v1/chat/completions or /v1/audio/*");
    }
  }
}

void decode_addresses(Decoder& decoder, const Node& node, Terms& terms) {
  terms.addresses.clear();
  for (const Node& item : permitted_items(decoder, node)) {
    const auto text = decoder.text(item);
    if (!text) continue;
    if (const auto range = AddressRange::parse(*text)) {
      terms.addresses.push_back(*range);
    } else {
      decoder.error(item,
                    "expected an address, or a range such as 10.0.0.0/8 with no bit set "
                    "after its prefix");
    }
  }
}

using BudgetFallbacks = std::map<std::string, std::vector<std::string>>;

// Whether the models that take the place of `model`, and of those in turn, include it.
bool loops(const BudgetFallbacks& fallbacks, const std::string& model) {
  std::set<std::string_view> seen;
  std::vector<std::string_view> open = {model};
  while (!open.empty()) {
    const auto found = fallbacks.find(std::string(open.back()));
    open.pop_back();
    if (found == fallbacks.end()) continue;
    for (const std::string& next : found->second) {
      if (next == model) return true;
      if (seen.insert(next).second) open.push_back(next);
    }
  }
  return false;
}

void decode_budget_fallbacks(Decoder& decoder, const Node& node, Terms& terms) {
  if (!decoder.expect_map(node)) return;
  terms.budget_fallbacks.clear();
  for (const Node& entry : node.children) {
    const auto list = decoder.resolved(entry);
    if (!list || list->kind == Node::Kind::kNull) continue;
    std::vector<std::string> models;
    if (const auto items = decoder.given_items(*list)) add_texts(decoder, *items, models);
    if (!models.empty()) terms.budget_fallbacks.emplace(entry.key, std::move(models));
  }
  // limits.md case 63
  for (const Node& entry : node.children) {
    if (terms.budget_fallbacks.contains(entry.key) && loops(terms.budget_fallbacks, entry.key)) {
      decoder.error_at_key(entry, "these fallbacks lead back to the model itself");
    }
  }
}

constexpr std::array<Key<Terms>, kTermsKeys> kAllKeys = {
    rate_of_a_minute<Quantity::kRequests>(),
    rate_of_a_minute<Quantity::kTokens>(),
    rate_of_a_minute<Quantity::kInputTokens>(),
    rate_of_a_minute<Quantity::kOutputTokens>(),
    Key<Terms>{"limits", "list", "[]", decode_rates, Use::kOptional,
               [](const std::string& path, KnownKeys& out) {
                 list_section<RateDraft>(path + "[]", kLimitKeys, out);
               }},
    Key<Terms>{"concurrency", "integer", "0",
               [](Decoder& decoder, const Node& node, Terms& terms) {
                 store(decoder.integer(node, {0, kOpenRequestsMax}), terms.concurrency);
               }},
    // From here on, what is no rate.
    Key<Terms>{"budget", "mapping", "none", decode_budget},
    Key<Terms>{"budgets", "list", "[]", decode_budgets, Use::kOptional,
               [](const std::string& path, KnownKeys& out) { list_budget_keys(path + "[]", out); }},
    Key<Terms>{"models", "list of patterns", "none", decode_permitted<&Terms::models>},
    Key<Terms>{"denied_models", "list of patterns", "[]", decode_denied_models},
    Key<Terms>{"routes", "list of paths", "none", decode_permitted_routes},
    Key<Terms>{"providers", "list of text", "none", decode_permitted<&Terms::providers>},
    Key<Terms>{"addresses", "list of addresses", "none", decode_addresses},
    Key<Terms>{"budget_fallbacks", "mapping of lists", "{}", decode_budget_fallbacks},
};

}  // namespace

std::span<const Key<Terms>, kTermsKeys> terms_keys() {
  return kAllKeys;
}

std::span<const Key<Terms>, kRateKeys> rate_keys() {
  return terms_keys().first<kRateKeys>();
}

}  // namespace penstock::config
