#include "config/describe_terms.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>

#include "config/date.h"
#include "config/described_values.h"
#include "config/terms_words.h"

namespace penstock::config {
namespace {

// Whether the rate is what the shorthand of its quantity says.
bool has_shorthand(const RateRule& rule) {
  const RateRule shorthand{.quantity = rule.quantity, .amount = rule.amount};
  return rule == shorthand && static_cast<std::size_t>(rule.quantity) < kPerMinute.size();
}

void write_amount(DescriptionWriter& out, std::string_view key, Quantity quantity,
                  std::int64_t amount) {
  out.literal(key, amount_text(quantity, amount));
}

// As text, with its unit: `60s` is no JSON otherwise.
void write_period(DescriptionWriter& out, milliseconds period) {
  const bool is_whole = period.count() % 1000 == 0;
  out.text("period", is_whole ? seconds(period) + "s" : seconds(period));
}

void write_limit(DescriptionWriter& out, const RateRule& rule) {
  out.open_item();
  out.text("quantity", word_for(rule.quantity, kQuantities));
  write_amount(out, "amount", rule.quantity, rule.amount);
  write_period(out, rule.period);
  if (rule.burst > 0) write_amount(out, "burst", rule.quantity, rule.burst);
  out.text("models", rule.models);
  out.close();
}

// The rates keep their order, so only those at the front may be shorthands, which come first.
void write_rates(DescriptionWriter& out, const std::vector<RateRule>& rates) {
  const auto listed = std::ranges::find_if_not(rates, has_shorthand);
  for (auto rate = rates.begin(); rate != listed; ++rate) {
    write_amount(out, word_for(rate->quantity, kPerMinute), rate->quantity, rate->amount);
  }
  if (listed == rates.end()) return;
  out.open("limits");
  std::for_each(listed, rates.end(), [&](const RateRule& rule) { write_limit(out, rule); });
  out.close();
}

void write_budget(DescriptionWriter& out, const BudgetRule& rule) {
  out.open_item();
  out.text("name", rule.name);
  write_amount(out, word_for(rule.quantity, kBudgetMaxima), rule.quantity, rule.amount);
  out.text("period", period_text(rule.unit, rule.units));
  out.text("align", word_for(rule.alignment, kAlignments));
  out.text("timezone", rule.time_zone);
  out.text("models", rule.models);
  if (!rule.soft_percents.empty()) {
    out.literal("soft_percent", fmt::format("[{}]", fmt::join(rule.soft_percents, ", ")));
  }
  out.text("on_exceeded", std::string(word_for(rule.on_exceeded, kOnExceeded)) + rule.route_to);
  if (rule.added > 0) {
    out.open("override");
    write_amount(out, word_for(rule.quantity, kBudgetAdditions), rule.quantity, rule.added);
    out.text("until", time_text(rule.added_until));
    out.close();
  }
  out.close();
}

void write_if_any(DescriptionWriter& out, std::string_view key,
                  const std::vector<std::string>& items) {
  if (!items.empty()) write_texts(out, key, items);
}

}  // namespace

void write_terms(DescriptionWriter& out, const Terms& terms) {
  write_rates(out, terms.rates);
  if (terms.concurrency > 0) write_number(out, "concurrency", terms.concurrency);
  if (!terms.budgets.empty()) {
    out.open("budgets");
    for (const BudgetRule& rule : terms.budgets) write_budget(out, rule);
    out.close();
  }
  write_if_any(out, "models", terms.models);
  write_if_any(out, "denied_models", terms.denied_models);
  write_if_any(out, "routes", terms.routes);
  write_if_any(out, "providers", terms.providers);
  std::vector<std::string> addresses;
  for (const AddressRange& range : terms.addresses) addresses.push_back(range.text());
  write_if_any(out, "addresses", addresses);
  if (terms.budget_fallbacks.empty()) return;
  out.open("budget_fallbacks");
  for (const auto& [model, cheaper] : terms.budget_fallbacks) write_texts(out, model, cheaper);
  out.close();
}

}  // namespace penstock::config
