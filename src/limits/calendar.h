#pragma once

// When the windows of a budget begin and end, in the time zone that the budget names.
//
// A calendar window begins at a whole hour, at midnight, on a Monday, or on the first of a month,
// in local time; it is as long as local time makes it, an hour shorter or longer when clocks
// change. A rolling window is as long, from whenever it begins.

#include "config/terms.h"
#include "core/clock.h"

namespace penstock::limits {

struct WindowTimes {
  WallTime began{};
  WallTime ends = WallTime::max();  // excluded

  bool contains(WallTime time) const { return time >= began && time < ends; }
};

// The window that contains `now`, or for a rolling budget, that begins then. A zone that is not
// known counts as UTC.
WindowTimes window_at(const config::BudgetRule& rule, WallTime now);

}  // namespace penstock::limits
