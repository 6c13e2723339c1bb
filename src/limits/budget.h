#pragma once

// BudgetMeter: how much of a budget has been used in the window that is open.
//
// What is used is one atomic number: what was spent and what is reserved by open requests. Checking
// and reserving are one step, so however many ask at once, no more passes than there is. A request
// settles in the window in which it was reserved, also if another one has begun since. Windows only
// move forward: a clock that is set back opens no earlier one. Any thread.

#include <atomic>
#include <cstdint>
#include <memory>

#include "config/terms.h"
#include "core/clock.h"
#include "limits/calendar.h"

namespace penstock::limits {

class BudgetWindow {
 public:
  explicit BudgetWindow(const WindowTimes& times) : times_(times) {}

  const WindowTimes& times() const { return times_; }

  // False, and nothing is reserved, if it would be more than `most` with what is used already, or
  // if `most` is used.
  bool reserve(std::int64_t amount, std::int64_t most);
  // The same, whatever is used.
  void reserve_anyway(std::int64_t amount);
  // What was reserved is settled: so much was used of it, or more.
  void settle(std::int64_t reserved, std::int64_t used);

  // What is used and what of that is only reserved.
  std::int64_t used() const { return used_.load(std::memory_order_relaxed); }
  std::int64_t reserved() const { return reserved_.load(std::memory_order_relaxed); }

  // True for the first that tells that so many percent are used.
  bool tell_once(std::size_t threshold);

 private:
  friend class BudgetMeter;

  const WindowTimes times_;
  std::atomic<std::int64_t> used_{0};
  std::atomic<std::int64_t> reserved_{0};
  std::atomic<std::uint32_t> told_{0};  // bits, by threshold
  // Requests that are open may still settle there.
  std::unique_ptr<BudgetWindow> previous_;
};

class BudgetMeter {
 public:
  BudgetMeter() = default;
  ~BudgetMeter();
  BudgetMeter(const BudgetMeter&) = delete;
  BudgetMeter& operator=(const BudgetMeter&) = delete;

  // The window that is open; opens the next one if it has ended. Lives as long as the meter.
  BudgetWindow& window(const config::BudgetRule& rule, WallTime now);
  // The same, without opening one; null: none is open.
  const BudgetWindow* window() const { return current_.load(std::memory_order_acquire); }
  // Goes on where a store says that an earlier process was. Before the first request.
  void restore(const config::BudgetRule& rule, WallTime began, std::int64_t spent);

 private:
  BudgetWindow& replace(BudgetWindow* ended, std::unique_ptr<BudgetWindow> next);

  std::atomic<BudgetWindow*> current_{nullptr};  // owned
};

// How much may be used of it now, with a temporary increase.
std::int64_t most_of(const config::BudgetRule& rule, WallTime now);

}  // namespace penstock::limits
