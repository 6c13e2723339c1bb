#include "config/decode_budget.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "config/date.h"
#include "config/money.h"
#include "config/terms_words.h"
#include "config/time_zone.h"
#include "core/text.h"

namespace penstock::config {
namespace {

constexpr std::uint64_t kAmountMax = 1'000'000'000'000'000;
constexpr std::uint64_t kUnitsMax = 1'000;
constexpr std::uint64_t kPercentMax = 100;

// A budget while its entry is decoded: what its amounts count must agree.
struct BudgetDraft {
  BudgetRule rule;
  bool has_maximum = false;
  std::optional<Quantity> added;
};

template <Quantity quantity>
void decode_maximum(Decoder& decoder, const Node& node, BudgetDraft& draft) {
  if (draft.has_maximum) {
    return decoder.error_at_key(node, "a budget has one amount; write one for each, in `budgets`");
  }
  draft.has_maximum = true;
  draft.rule.quantity = quantity;
  store(decode_amount(decoder, node, quantity, 0), draft.rule.amount);
}

template <Quantity quantity>
void decode_addition(Decoder& decoder, const Node& node, BudgetDraft& draft) {
  if (draft.added) return decoder.error_at_key(node, "an increase has one amount");
  draft.added = quantity;
  store(decode_amount(decoder, node, quantity, 1), draft.rule.added);
}

template <Quantity quantity>
constexpr Key<BudgetDraft> maximum() {
  return {kBudgetMaxima[static_cast<std::size_t>(quantity)],
          quantity == Quantity::kCost ? "amount of dollars" : "integer", "none",
          decode_maximum<quantity>};
}

template <Quantity quantity>
constexpr Key<BudgetDraft> addition() {
  return {kBudgetAdditions[static_cast<std::size_t>(quantity)],
          quantity == Quantity::kCost ? "amount of dollars" : "integer", "none",
          decode_addition<quantity>};
}

void decode_period(Decoder& decoder, const Node& node, BudgetDraft& draft) {
  const auto text = decoder.text(node);
  if (!text) return;
  const std::size_t digits = std::min(text->find_first_not_of("0123456789"), text->size());
  const auto found = std::ranges::find(kBudgetUnits, std::string_view(*text).substr(digits));
  const auto units = parse_decimal(std::string_view(*text).substr(0, digits));
  const bool is_total = found == kBudgetUnits.end() - 1;
  const bool is_good = found != kBudgetUnits.end() &&
                       (is_total ? digits == 0 : units && *units >= 1 && *units <= kUnitsMax);
  if (!is_good) {
    return decoder.error(node, fmt::format("expected 1h, 1d, 1w, 1mo, 1q, 1y, up to {} of them, "
                                           "or total",
                                           kUnitsMax));
  }
  draft.rule.unit = static_cast<BudgetUnit>(found - kBudgetUnits.begin());
  draft.rule.units = is_total ? 1 : static_cast<std::uint32_t>(*units);
}

void decode_time_zone(Decoder& decoder, const Node& node, BudgetDraft& draft) {
  const auto name = decoder.text(node);
  if (!name) return;
  if (is_time_zone(*name)) {
    draft.rule.time_zone = *name;
  } else {
    decoder.error(node,
                  "this system knows no such time zone; expected a name of the IANA "
                  "database, such as Europe/Berlin (the package tzdata has them)");
  }
}

void decode_soft_percents(Decoder& decoder, const Node& node, BudgetDraft& draft) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  std::vector<std::uint32_t>& percents = draft.rule.soft_percents;
  percents.clear();
  for (const Node& item : *items) {
    const auto percent = decoder.integer(item, {1, kPercentMax});
    if (!percent) continue;
    if (!percents.empty() && *percent <= percents.back()) {
      decoder.error(item, "each percentage must be more than the one before");
    } else {
      percents.push_back(static_cast<std::uint32_t>(*percent));
    }
  }
}

void decode_on_exceeded(Decoder& decoder, const Node& node, BudgetDraft& draft) {
  const auto text = decoder.text(node);
  if (!text) return;
  constexpr std::string_view kRoute = "route:";
  if (text->starts_with(kRoute)) {
    draft.rule.route_to = trim(std::string_view(*text).substr(kRoute.size()));
    draft.rule.on_exceeded = OnExceeded::kRoute;
    if (draft.rule.route_to.empty()) decoder.error(node, "the name of a model is missing");
    return;
  }
  if (*text == kOnExceeded[0] || *text == kOnExceeded[1]) {
    draft.rule.on_exceeded = *text == kOnExceeded[0] ? OnExceeded::kRefuse : OnExceeded::kWarn;
    return;
  }
  decoder.error(node, "expected refuse, warn, or \"route: MODEL\" in quotes");
}

void decode_until(Decoder& decoder, const Node& node, BudgetDraft& draft) {
  const auto text = decoder.text(node);
  if (!text) return;
  const auto time = parse_time(*text);
  if (!time) return decoder.error(node, kTimeExpected);
  draft.rule.added_until = *time;
}

constexpr std::array kOverrideKeys = {
    addition<Quantity::kCost>(),
    addition<Quantity::kRequests>(),
    addition<Quantity::kTokens>(),
    addition<Quantity::kInputTokens>(),
    addition<Quantity::kOutputTokens>(),
    Key<BudgetDraft>{"until", "time", "", decode_until, Use::kRequired},
};

void decode_override(Decoder& decoder, const Node& node, BudgetDraft& draft) {
  decode_section<BudgetDraft>(decoder, node, kOverrideKeys, draft);
  if (node.kind == Node::Kind::kMap && !draft.added) {
    decoder.error(node, fmt::format("expected one of {}", fmt::join(kBudgetAdditions, ", ")));
  }
}

constexpr std::array kBudgetRuleKeys = {
    Key<BudgetDraft>{"name", "text", "none",
                     [](Decoder& decoder, const Node& node, BudgetDraft& draft) {
                       store(decoder.text(node), draft.rule.name);
                     }},
    maximum<Quantity::kCost>(),
    maximum<Quantity::kRequests>(),
    maximum<Quantity::kTokens>(),
    maximum<Quantity::kInputTokens>(),
    maximum<Quantity::kOutputTokens>(),
    Key<BudgetDraft>{"period", "period", "1mo", decode_period},
    Key<BudgetDraft>{"align", "calendar or rolling", "calendar",
                     [](Decoder& decoder, const Node& node, BudgetDraft& draft) {
                       store(decoder.choice(node, kAlignments), draft.rule.alignment);
                     }},
    Key<BudgetDraft>{"timezone", "time zone", "UTC", decode_time_zone},
    Key<BudgetDraft>{"models", "pattern", "none",
                     [](Decoder& decoder, const Node& node, BudgetDraft& draft) {
                       decode_pattern(decoder, node, draft.rule.models);
                     }},
    Key<BudgetDraft>{"soft_percent", "list of integers", "[]", decode_soft_percents},
    Key<BudgetDraft>{"on_exceeded", "refuse, warn or \"route: MODEL\"", "refuse",
                     decode_on_exceeded},
    Key<BudgetDraft>{"override", "mapping", "none", decode_override, Use::kOptional,
                     [](const std::string& path, KnownKeys& out) {
                       list_section<BudgetDraft>(path, kOverrideKeys, out);
                     }},
};

void check_amounts(Decoder& decoder, const Node& node, const BudgetDraft& draft) {
  if (!draft.has_maximum) {
    const bool is_reported = std::ranges::any_of(
        kBudgetMaxima, [&](std::string_view name) { return decoder.given(node, name) != nullptr; });
    if (is_reported) return;
    return decoder.error(node, fmt::format("expected one of {}", fmt::join(kBudgetMaxima, ", ")));
  }
  const Node* const increase = decoder.given(node, "override");
  if (draft.added && *draft.added != draft.rule.quantity && increase != nullptr) {
    decoder.error(*increase, fmt::format("a budget with {} is increased with {}",
                                         word_for(draft.rule.quantity, kBudgetMaxima),
                                         word_for(draft.rule.quantity, kBudgetAdditions)));
  }
}

}  // namespace

std::string period_text(BudgetUnit unit, std::uint32_t units) {
  const std::string_view word = word_for(unit, kBudgetUnits);
  return unit == BudgetUnit::kTotal ? std::string(word) : fmt::format("{}{}", units, word);
}

std::string amount_text(Quantity quantity, std::int64_t amount) {
  return quantity == Quantity::kCost ? money_text(amount) : fmt::format("{}", amount);
}

std::optional<std::int64_t> decode_amount(Decoder& decoder, const Node& node, Quantity quantity,
                                          std::int64_t least) {
  if (quantity != Quantity::kCost) {
    const auto count = decoder.integer(node, {static_cast<std::uint64_t>(least), kAmountMax});
    return count ? std::optional(static_cast<std::int64_t>(*count)) : std::nullopt;
  }
  if (node.kind == Node::Kind::kScalar) {
    const auto amount = parse_money(node.text);
    if (amount && *amount >= least) return amount;
  }
  decoder.error(node, fmt::format("expected an amount of dollars{}, such as 20 or 0.05, with at "
                                  "most six decimals, up to {}",
                                  least > 0 ? " that is more than 0" : "", money_text(kMoneyMax)));
  return std::nullopt;
}

void decode_pattern(Decoder& decoder, const Node& node, std::string& pattern) {
  const auto text = decoder.text(node);
  if (!text) return;
  if (text->empty()) return decoder.error(node, "expected a model's name, or a pattern with *");
  pattern = *text;
}

void decode_budget(Decoder& decoder, const Node& node, Terms& terms) {
  BudgetDraft draft;
  decode_section<BudgetDraft>(decoder, node, kBudgetRuleKeys, draft);
  if (node.kind != Node::Kind::kMap) return;
  check_amounts(decoder, node, draft);
  BudgetRule& rule = draft.rule;
  if (rule.name.empty()) rule.name = period_text(rule.unit, rule.units);
  if (std::ranges::count(terms.budgets, rule.name, &BudgetRule::name) > 0) {
    const Node* const name = decoder.given(node, "name");
    decoder.error(name != nullptr ? *name : node,
                  "another budget has the same name; without `name`, that is its period");
  }
  terms.budgets.push_back(std::move(rule));
}

void decode_budgets(Decoder& decoder, const Node& node, Terms& terms) {
  const auto items = decoder.given_items(node);
  if (!items) return;
  for (const Node& item : *items) decode_budget(decoder, item, terms);
}

void list_budget_keys(const std::string& path, KnownKeys& out) {
  list_section<BudgetDraft>(path, kBudgetRuleKeys, out);
}

}  // namespace penstock::config
