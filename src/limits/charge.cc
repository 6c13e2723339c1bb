#include "limits/charge.h"

#include <algorithm>

#include "config/model_name.h"

namespace penstock::limits {
namespace {

using config::Quantity;

constexpr std::string_view kEveryModel = "*";

bool fits(std::string_view model, const std::string& pattern) {
  return pattern == kEveryModel || config::fits_pattern(model, pattern);
}

// What open() takes: it is the same for every model.
bool is_of_any_request(const config::RateRule& rule) {
  return rule.quantity == Quantity::kRequests && rule.models == kEveryModel;
}

bool open_place(const Account& account) {
  std::atomic<std::uint32_t>& open = account.used()->open;
  std::uint32_t count = open.load(std::memory_order_relaxed);
  do {
    if (account.concurrency() > 0 && count >= account.concurrency()) return false;
  } while (!open.compare_exchange_weak(count, count + 1, std::memory_order_relaxed));
  return true;
}

}  // namespace

std::int64_t Amounts::of(Quantity quantity) const {
  switch (quantity) {
    case Quantity::kRequests:
      return requests;
    case Quantity::kInputTokens:
      return input_tokens;
    case Quantity::kOutputTokens:
      return output_tokens;
    case Quantity::kTokens:
      return input_tokens + output_tokens;
    case Quantity::kCost:
      return cost;
  }
  return 0;
}

// An exchange settles its charge; this is for one that ends by an exception.
Charge::~Charge() {
  close();
}

bool Charge::counts_usage() const {
  return accounts_ != nullptr && std::ranges::any_of(*accounts_, [](const auto& account) {
           return account->counts_usage();
         });
}

Charge::Admission Charge::open_one(const Account& account) {
  if (!open_place(account)) {
    return std::unexpected(Refusal{.by = Refusal::By::kConcurrency,
                                   .account = &account,
                                   .limit = account.concurrency(),
                                   .asked = 1});
  }
  ++opened_;
  return {};
}

Charge::Admission Charge::open(const Accounts& accounts, SteadyTime now) {
  accounts_ = &accounts;
  Admission admitted;
  for (const auto& account : accounts) {
    admitted = open_one(*account);
    if (!admitted) break;
  }
  for (auto account = accounts.begin(); admitted && account != accounts.end(); ++account) {
    for (const RateLimit& limit : (*account)->rates()) {
      if (is_of_any_request(limit.rule)) admitted = take_rate(**account, limit, {}, now);
      if (!admitted) break;
    }
  }
  if (!admitted) undo(now);
  return admitted;
}

Charge::Admission Charge::reserve(std::string_view model, const Amounts& expected, SteadyTime now,
                                  WallTime wall) {
  for (const auto& account : *accounts_) {
    Admission admitted = reserve_of(*account, model, expected, now, wall);
    if (admitted) continue;
    undo(now);
    return admitted;
  }
  return {};
}

Charge::Admission Charge::reserve_of(const Account& account, std::string_view model,
                                     const Amounts& expected, SteadyTime now, WallTime wall) {
  for (const RateLimit& limit : account.rates()) {
    if (is_of_any_request(limit.rule) || !fits(model, limit.rule.models)) continue;
    Admission admitted = take_rate(account, limit, expected, now);
    if (!admitted) return admitted;
  }
  for (const BudgetLimit& limit : account.budgets()) {
    if (!fits(model, limit.rule.models)) continue;
    Admission admitted = take_budget(account, limit, expected, wall);
    if (!admitted) return admitted;
  }
  return {};
}

Charge::Admission Charge::take_rate(const Account& account, const RateLimit& limit,
                                    const Amounts& expected, SteadyTime now) {
  const std::int64_t units = expected.of(limit.rule.quantity);
  const RateMeter::Taken taken = limit.meter->take(limit.rate, units, now);
  if (taken) {
    rates_.push_back({.limit = &limit, .units = units, .taken = taken});
    return {};
  }
  return std::unexpected(Refusal{.by = Refusal::By::kRate,
                                 .account = &account,
                                 .quantity = limit.rule.quantity,
                                 .limit = limit.rule.amount,
                                 .remaining = limit.meter->view(limit.rate, now).remaining,
                                 .asked = units,
                                 .wait = taken.wait,
                                 .rate = &limit.rule});
}

Charge::Admission Charge::take_budget(const Account& account, const BudgetLimit& limit,
                                      const Amounts& expected, WallTime wall) {
  const std::int64_t units = expected.of(limit.rule.quantity);
  const std::int64_t most = most_of(limit.rule, wall);
  BudgetWindow& window = limit.meter->window(limit.rule, wall);
  bool is_reserved = window.reserve(units, most);
  if (!is_reserved && limit.rule.on_exceeded == config::OnExceeded::kWarn) {
    window.reserve_anyway(units);
    is_reserved = true;
  }
  if (is_reserved) {
    budgets_.push_back({.limit = &limit, .window = &window, .units = units});
    return {};
  }
  return std::unexpected(Refusal{.by = Refusal::By::kBudget,
                                 .account = &account,
                                 .quantity = limit.rule.quantity,
                                 .limit = most,
                                 .remaining = std::max<std::int64_t>(0, most - window.used()),
                                 .asked = units,
                                 .budget = &limit.rule,
                                 .resets = window.times().ends});
}

void Charge::settle(const Amounts& used, SteadyTime now) {
  if (accounts_ == nullptr) return;
  for (const TakenRate& rate : rates_) {
    const std::int64_t units = used.of(rate.limit->rule.quantity);
    RateMeter& meter = *rate.limit->meter;
    if (units < rate.units) {
      meter.give_back(rate.limit->rate, rate.units - units, rate.taken, now);
    } else if (units > rate.units) {
      meter.owe(rate.limit->rate, units - rate.units, now);
    }
  }
  rates_.clear();
  for (TakenBudget& budget : budgets_) {
    budget.window->settle(budget.units, used.of(budget.limit->rule.quantity));
    budget.units = 0;
  }
  budgets_.clear();
  close();
}

void Charge::undo(SteadyTime now) {
  settle({.requests = 0}, now);
}

// What is still reserved is used: nobody says otherwise.
void Charge::close() {
  if (accounts_ == nullptr) return;
  for (const TakenBudget& budget : budgets_) budget.window->settle(budget.units, budget.units);
  for (std::size_t i = 0; i < opened_; ++i) {
    (*accounts_)[i]->used()->open.fetch_sub(1, std::memory_order_relaxed);
  }
  accounts_ = nullptr;
  opened_ = 0;
}

}  // namespace penstock::limits
