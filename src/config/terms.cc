#include "config/terms.h"

#include <algorithm>

namespace penstock::config {
namespace {

bool is_per_minute(const RateRule& rule, Quantity quantity) {
  const RateRule shorthand;
  return rule.quantity == quantity && rule.period == shorthand.period &&
         rule.models == shorthand.models && rule.burst == shorthand.burst;
}

}  // namespace

std::int64_t per_minute(const Terms& terms, Quantity quantity) {
  for (const RateRule& rule : terms.rates) {
    if (is_per_minute(rule, quantity)) return rule.amount;
  }
  return 0;
}

void set_per_minute(Terms& terms, Quantity quantity, std::int64_t amount) {
  std::erase_if(terms.rates, [&](const RateRule& rule) { return is_per_minute(rule, quantity); });
  if (amount > 0) terms.rates.push_back({.quantity = quantity, .amount = amount});
}

}  // namespace penstock::config
