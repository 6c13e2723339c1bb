#pragma once

// Rate: how many units may be used in how much time; RateMeter: how many of them are left.
//
// The meter is the generic cell rate algorithm (ITU-T I.371, as virtual scheduling): one word holds
// the time at which all that was taken is paid off. There are no windows, so at no boundary can
// twice the burst pass, and two threads that take at once agree by one compare-and-swap.
//
// Units come back continuously: `amount` of them in each period, up to `burst`. In any time of one
// period, at most amount + burst units pass.

#include <atomic>
#include <chrono>
#include <cstdint>

#include "core/clock.h"

namespace penstock::limits {

struct Rate {
  std::int64_t amount = 0;  // of units in each period; more than 0
  std::chrono::nanoseconds period{};
  std::int64_t burst = 0;  // of units at once; more than 0

  // In which that many units come back.
  std::chrono::nanoseconds time_of(std::int64_t units) const;
  std::int64_t units_in(std::chrono::nanoseconds time) const;
};

class RateMeter {
 public:
  // What a wait is for more units than there ever are at once.
  static constexpr std::chrono::nanoseconds kNever = std::chrono::nanoseconds::max();

  struct Taken {
    // Zero: the units are taken. Else nothing is, and it is the time after which they would be
    // there, or kNever.
    std::chrono::nanoseconds wait{0};
    SteadyTime paid_off{};  // when all that is taken by then has come back

    explicit operator bool() const { return wait.count() == 0; }
  };
  // Takes the units if they are there. Any thread may call this and what follows.
  Taken take(const Rate& rate, std::int64_t units, SteadyTime now);
  // Gives back units of `taken` that were not used, but for those that have come back by
  // themselves since: they would count twice.
  void give_back(const Rate& rate, std::int64_t units, const Taken& taken, SteadyTime now);
  // Takes units whether they are there or not: later takers wait until all are paid off.
  void owe(const Rate& rate, std::int64_t units, SteadyTime now);

  struct View {
    std::int64_t remaining = 0;  // units that can be taken at once
    std::chrono::nanoseconds until_full{0};
  };
  View view(const Rate& rate, SteadyTime now) const;

 private:
  std::atomic<std::int64_t> paid_off_{0};  // nanoseconds of the steady clock
};

}  // namespace penstock::limits
