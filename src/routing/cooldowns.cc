#include "routing/cooldowns.h"

#include <algorithm>

namespace penstock::routing {
namespace {

using std::chrono::nanoseconds;

constexpr std::uint32_t kCooldownDoublingsMax = 20;

nanoseconds within_limits(nanoseconds told, const config::CooldownRules& rules) {
  return std::clamp<nanoseconds>(told, rules.min, std::max(rules.min, rules.max));
}

}  // namespace

void Cooldowns::failed(FailureRule::Cooldown kind, std::optional<nanoseconds> told,
                       SteadyTime begun, SteadyTime now, const config::CooldownRules& rules) {
  if (told) told = within_limits(*told, rules);
  nanoseconds length{0};
  switch (kind) {
    case FailureRule::Cooldown::kNone:
      return;
    case FailureRule::Cooldown::kIfTold:
      if (!told) return;
      length = *told;
      break;
    case FailureRule::Cooldown::kTold:
      length = told ? *told : standard(begun, now, rules);
      break;
    case FailureRule::Cooldown::kQuota:
      length = std::max<nanoseconds>(rules.quota, told.value_or(nanoseconds{0}));
      break;
    case FailureRule::Cooldown::kCredential:
      length = rules.credential;
      break;
    case FailureRule::Cooldown::kModel:
      length = rules.model;
      break;
  }
  extend_to(now + length);
}

void Cooldowns::succeeded(SteadyTime begun) {
  if (words_.in_row.load(std::memory_order_relaxed) == 0) return;
  const std::lock_guard lock(mutex_);
  if (begun > row_grew_) words_.in_row.store(0, std::memory_order_relaxed);
}

void Cooldowns::extend(nanoseconds told, SteadyTime now, const config::CooldownRules& rules) {
  extend_to(now + within_limits(told, rules));
}

nanoseconds Cooldowns::standard(SteadyTime begun, SteadyTime now,
                                const config::CooldownRules& rules) {
  const std::lock_guard lock(mutex_);
  std::uint32_t in_row = words_.in_row.load(std::memory_order_relaxed);
  if (in_row == 0 || begun > row_grew_) {
    words_.in_row.store(++in_row, std::memory_order_relaxed);
    row_grew_ = now;
  }
  const auto doublings = std::min(in_row - 1, kCooldownDoublingsMax);
  return within_limits(std::min(rules.standard * (1 << doublings), rules.max), rules);
}

void Cooldowns::extend_to(SteadyTime end) {
  const std::int64_t wanted = nanoseconds(end.time_since_epoch()).count();
  std::int64_t until = words_.until.load(std::memory_order_relaxed);
  while (until < wanted &&
         !words_.until.compare_exchange_weak(until, wanted, std::memory_order_relaxed)) {
  }
}

}  // namespace penstock::routing
