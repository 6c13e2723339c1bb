#include "limits/budget.h"

#include <limits>
#include <utility>

namespace penstock::limits {
namespace {

// The largest number if it does not fit. Neither is negative.
std::int64_t sum_of(std::int64_t a, std::int64_t b) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  return a > kMost - b ? kMost : a + b;
}

}  // namespace

bool BudgetWindow::reserve(std::int64_t amount, std::int64_t most) {
  std::int64_t used = used_.load(std::memory_order_relaxed);
  do {
    if (used >= most || amount > most - used) return false;
  } while (!used_.compare_exchange_weak(used, used + amount, std::memory_order_relaxed));
  reserved_.fetch_add(amount, std::memory_order_relaxed);
  return true;
}

void BudgetWindow::reserve_anyway(std::int64_t amount) {
  std::int64_t used = used_.load(std::memory_order_relaxed);
  while (!used_.compare_exchange_weak(used, sum_of(used, amount), std::memory_order_relaxed)) {
  }
  reserved_.fetch_add(amount, std::memory_order_relaxed);
}

void BudgetWindow::settle(std::int64_t reserved, std::int64_t used) {
  used_.fetch_add(used - reserved, std::memory_order_relaxed);
  reserved_.fetch_sub(reserved, std::memory_order_relaxed);
}

bool BudgetWindow::tell_once(std::size_t threshold) {
  const std::uint32_t bit = 1U << threshold;
  return (told_.fetch_or(bit, std::memory_order_relaxed) & bit) == 0;
}

BudgetMeter::~BudgetMeter() {
  // One by one: a long list would be a deep recursion.
  std::unique_ptr<BudgetWindow> window(current_.load(std::memory_order_acquire));
  while (window) window = std::move(window->previous_);
}

BudgetWindow& BudgetMeter::window(const config::BudgetRule& rule, WallTime now) {
  BudgetWindow* const current = current_.load(std::memory_order_acquire);
  if (current != nullptr && now < current->times().ends) return *current;
  return replace(current, std::make_unique<BudgetWindow>(window_at(rule, now)));
}

// Of threads that open the next window at once, one does, and the others use it.
BudgetWindow& BudgetMeter::replace(BudgetWindow* ended, std::unique_ptr<BudgetWindow> next) {
  next->previous_.reset(ended);
  if (current_.compare_exchange_strong(ended, next.get(), std::memory_order_acq_rel)) {
    return *next.release();
  }
  static_cast<void>(next->previous_.release());
  return *ended;
}

void BudgetMeter::restore(const config::BudgetRule& rule, WallTime began, std::int64_t spent) {
  auto window = std::make_unique<BudgetWindow>(window_at(rule, began));
  window->used_.store(spent, std::memory_order_relaxed);
  replace(current_.load(std::memory_order_acquire), std::move(window));
}

std::int64_t most_of(const config::BudgetRule& rule, WallTime now) {
  return now < rule.added_until ? sum_of(rule.amount, rule.added) : rule.amount;
}

}  // namespace penstock::limits
