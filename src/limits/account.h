#pragma once

// Account: what an owner (an API key, or a team, user or organization above it) may use at most,
// and what it has used.
//
// What was used is shared by all threads, and by later terms of the same owner: a change forgives
// nothing. Each limit is one atomic word, and no lock is taken while requests are charged
// (limits/charge.h).

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "config/settings.h"
#include "config/terms.h"
#include "limits/budget.h"
#include "limits/rate.h"

namespace penstock::limits {

// What an owner has used, by limit.
class Used {
 public:
  std::atomic<std::uint32_t> open{0};  // requests

  // That of the rule, and of any other with the same quantity, period and models. Any thread; not
  // while requests are charged.
  std::shared_ptr<RateMeter> meter_of(const config::RateRule& rule);
  // That of the budget of this name, unit and quantity.
  std::shared_ptr<BudgetMeter> meter_of(const config::BudgetRule& rule);

 private:
  using RateName = std::tuple<config::Quantity, std::int64_t, std::string>;
  using BudgetName = std::tuple<config::Quantity, config::BudgetUnit, std::string>;

  std::mutex mutex_;
  std::map<RateName, std::shared_ptr<RateMeter>> rates_;
  std::map<BudgetName, std::shared_ptr<BudgetMeter>> budgets_;
};

struct RateLimit {
  config::RateRule rule;
  Rate rate;
  std::shared_ptr<RateMeter> meter;
};

struct BudgetLimit {
  config::BudgetRule rule;
  std::shared_ptr<BudgetMeter> meter;
};

class Account {
 public:
  // `label` names the owner in messages: `the key ci`, `the team infra`.
  Account(std::string label, const config::Terms& terms, std::shared_ptr<Used> used);

  const std::string& label() const { return label_; }
  const std::shared_ptr<Used>& used() const { return used_; }

  std::uint32_t concurrency() const { return concurrency_; }  // 0: no limit
  const std::vector<RateLimit>& rates() const { return rates_; }
  const std::vector<BudgetLimit>& budgets() const { return budgets_; }
  // Whether anything but requests is counted: their tokens or cost must be known.
  bool counts_usage() const { return counts_usage_; }

 private:
  const std::string label_;
  const std::uint32_t concurrency_;
  std::vector<RateLimit> rates_;
  std::vector<BudgetLimit> budgets_;
  bool counts_usage_ = false;
  const std::shared_ptr<Used> used_;
};

// The accounts that a request is charged to: its key's, and those of the owners above it.
using Accounts = std::vector<std::shared_ptr<const Account>>;

// For each of the keys of a configuration, the accounts that it is charged to: its own and those of
// the owners above it, as far as they limit anything. What was used is that of the owner of the
// same kind and name in `earlier`.
class KeyAccounts {
 public:
  KeyAccounts() = default;
  KeyAccounts(const std::vector<config::ApiKey>& keys, const config::Owners& owners,
              const KeyAccounts& earlier);

  // By position in server.api_keys.
  const Accounts& of_key(std::size_t position) const { return by_key_[position]; }

 private:
  // An owner by its kind and name: `the team infra`.
  using ByLabel = std::map<std::string, std::shared_ptr<const Account>>;

  void add(Accounts& accounts, const std::string& label, const config::Terms& terms,
           const ByLabel& earlier);

  std::vector<Accounts> by_key_;
  ByLabel by_label_;
};

}  // namespace penstock::limits
