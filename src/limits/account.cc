#include "limits/account.h"

#include <algorithm>
#include <utility>

namespace penstock::limits {
namespace {

Rate rate_of(const config::RateRule& rule) {
  return {.amount = rule.amount,
          .period = rule.period,
          .burst = rule.burst > 0 ? rule.burst : rule.amount};
}

template <class Meters>
auto& entry_of(Meters& meters, const typename Meters::key_type& name) {
  auto& meter = meters[name];
  if (!meter) meter = std::make_shared<typename Meters::mapped_type::element_type>();
  return meter;
}

bool limits_anything(const config::Terms& terms) {
  return terms.concurrency > 0 || !terms.rates.empty() || !terms.budgets.empty();
}

}  // namespace

std::shared_ptr<RateMeter> Used::meter_of(const config::RateRule& rule) {
  const std::lock_guard lock(mutex_);
  return entry_of(rates_, {rule.quantity, rule.period.count(), rule.models});
}

std::shared_ptr<BudgetMeter> Used::meter_of(const config::BudgetRule& rule) {
  const std::lock_guard lock(mutex_);
  return entry_of(budgets_, {rule.quantity, rule.unit, rule.name});
}

Account::Account(std::string label, const config::Terms& terms, std::shared_ptr<Used> used)
    : label_(std::move(label)), concurrency_(terms.concurrency), used_(std::move(used)) {
  const auto note = [this](config::Quantity quantity) {
    counts_usage_ = counts_usage_ || quantity != config::Quantity::kRequests;
  };
  for (const config::RateRule& rule : terms.rates) {
    rates_.push_back({.rule = rule, .rate = rate_of(rule), .meter = used_->meter_of(rule)});
    note(rule.quantity);
  }
  for (const config::BudgetRule& rule : terms.budgets) {
    budgets_.push_back({.rule = rule, .meter = used_->meter_of(rule)});
    note(rule.quantity);
  }
}

KeyAccounts::KeyAccounts(const std::vector<config::ApiKey>& keys, const config::Owners& owners,
                         const KeyAccounts& earlier) {
  for (const config::ApiKey& key : keys) {
    Accounts& accounts = by_key_.emplace_back();
    add(accounts, "the key " + key.name, key.terms, earlier.by_label_);
    for (const config::OwnerAbove& above : config::owners_above(key, owners)) {
      const std::string label = "the " + std::string(above.kind) + " " + above.owner->name;
      add(accounts, label, above.owner->terms, earlier.by_label_);
    }
  }
}

// Keys of one owner share its account.
void KeyAccounts::add(Accounts& accounts, const std::string& label, const config::Terms& terms,
                      const ByLabel& earlier) {
  if (!limits_anything(terms)) return;
  std::shared_ptr<const Account>& account = by_label_[label];
  if (!account) {
    const auto before = earlier.find(label);
    account = std::make_shared<const Account>(
        label, terms, before == earlier.end() ? std::make_shared<Used>() : before->second->used());
  }
  accounts.push_back(account);
}

}  // namespace penstock::limits
