#pragma once

// Charge: what one request takes of the limits of its accounts.
//
// A request is open from its admission to its end, reserves what it is expected to use as soon as
// its model is known, and is settled with what it has used in truth, exactly once. Every account
// must let it pass, and a request that is refused has taken nothing from any of them. Owned by its
// exchange, and used on its thread; the accounts outlive it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "config/terms.h"
#include "core/clock.h"
#include "limits/account.h"

namespace penstock::limits {

// Of each quantity, what a request uses. Nothing is negative.
struct Amounts {
  std::int64_t requests = 1;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t cost = 0;  // in millionths of a US dollar

  std::int64_t of(config::Quantity quantity) const;
};

struct Refusal {
  enum class By : std::uint8_t { kConcurrency, kRate, kBudget };

  By by = By::kConcurrency;
  const Account* account = nullptr;
  config::Quantity quantity = config::Quantity::kRequests;
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
  std::int64_t asked = 0;  // for
  // Of a rate: until the request would pass, or RateMeter::kNever. Concurrency: nobody knows.
  std::chrono::nanoseconds wait{0};
  const config::RateRule* rate = nullptr;      // of kRate
  const config::BudgetRule* budget = nullptr;  // of kBudget
  WallTime resets = WallTime::max();           // of kBudget: when its next window begins
};

class Charge {
 public:
  using Admission = std::expected<void, Refusal>;

  Charge() = default;
  ~Charge();
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;

  // Opens the request: takes a place, and what is limited whatever the model is. Once.
  Admission open(const Accounts& accounts, SteadyTime now);
  // Reserves what it may use of `model`, as the client calls it. Once, after open().
  Admission reserve(std::string_view model, const Amounts& expected, SteadyTime now, WallTime wall);
  // Ends it. A charge that is destroyed before that has used what it reserved.
  void settle(const Amounts& used, SteadyTime now);

  bool is_open() const { return accounts_ != nullptr; }
  const Accounts& accounts() const { return *accounts_; }
  // Whether what the request uses must be known.
  bool counts_usage() const;

 private:
  struct TakenRate {
    const RateLimit* limit;
    std::int64_t units;
    RateMeter::Taken taken;
  };
  struct TakenBudget {
    const BudgetLimit* limit;
    BudgetWindow* window;
    std::int64_t units;
  };

  Admission open_one(const Account& account);
  Admission take_rate(const Account& account, const RateLimit& limit, const Amounts& expected,
                      SteadyTime now);
  Admission take_budget(const Account& account, const BudgetLimit& limit, const Amounts& expected,
                        WallTime wall);
  Admission reserve_of(const Account& account, std::string_view model, const Amounts& expected,
                       SteadyTime now, WallTime wall);
  // Nothing was used.
  void undo(SteadyTime now);
  void close();

  const Accounts* accounts_ = nullptr;  // null: none was opened, or it has ended
  std::size_t opened_ = 0;              // accounts that it has a place of
  std::vector<TakenRate> rates_;
  std::vector<TakenBudget> budgets_;
};

}  // namespace penstock::limits
