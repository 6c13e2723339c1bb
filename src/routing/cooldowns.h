#pragma once

// How long a target, or all targets of a provider, are left alone because the upstream has asked
// for that.
//
// The end is one atomic word, seen by every thread from its next request on. It is extended, never
// shortened. The standard length doubles with each cooldown in a row, and a success ends the row.
// Many answers to requests that were sent before a cooldown began count as one.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>

#include "config/routing.h"
#include "core/clock.h"
#include "routing/failure.h"

namespace penstock::routing {

// What requests read: a part of the target's line of memory.
struct CooldownWords {
  std::atomic<std::int64_t> until{0};  // of the steady clock
  std::atomic<std::uint32_t> in_row{0};

  SteadyTime end() const {
    return SteadyTime{std::chrono::nanoseconds{until.load(std::memory_order_relaxed)}};
  }
};

class Cooldowns {
 public:
  explicit Cooldowns(CooldownWords& words) : words_(words) {}
  Cooldowns(const Cooldowns&) = delete;
  Cooldowns& operator=(const Cooldowns&) = delete;

  // An attempt that began at `begun` failed at `now`. `told`: what the answer says, within no
  // limits yet.
  void failed(FailureRule::Cooldown kind, std::optional<std::chrono::nanoseconds> told,
              SteadyTime begun, SteadyTime now, const config::CooldownRules& rules);
  void succeeded(SteadyTime begun);
  // Until now + `told`, within the limits: the upstream says that nothing remains.
  void extend(std::chrono::nanoseconds told, SteadyTime now, const config::CooldownRules& rules);

 private:
  std::chrono::nanoseconds standard(SteadyTime begun, SteadyTime now,
                                    const config::CooldownRules& rules);
  void extend_to(SteadyTime end);

  CooldownWords& words_;
  std::mutex mutex_;
  SteadyTime row_grew_{};  // when in_row was last raised
};

}  // namespace penstock::routing
