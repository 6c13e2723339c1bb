#include "routing/places.h"

#include <algorithm>

namespace penstock::routing {

bool Places::enter(std::uint32_t limit) {
  if (limit == kNoLimit) {
    counts_.taken.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  return !is_full(limit) && take_below(limit);
}

bool Places::take_below(std::uint32_t limit) {
  std::uint32_t taken = counts_.taken.load(std::memory_order_seq_cst);
  while (taken < limit) {
    if (counts_.taken.compare_exchange_weak(taken, taken + 1, std::memory_order_seq_cst))
      return true;
  }
  return false;
}

// Sequentially consistent, as add() is: either this sees the waiter, or the waiter sees the place.
void Places::leave() {
  counts_.taken.fetch_sub(1, std::memory_order_seq_cst);
  if (counts_.waiting.load(std::memory_order_seq_cst) == 0) return;
  const std::lock_guard lock(mutex_);
  hand_out();
}

void Places::add(PlaceWaiter& waiter, std::uint32_t limit) {
  const std::lock_guard lock(mutex_);
  entries_.push_back({&waiter, limit});
  counts_.waiting.fetch_add(1, std::memory_order_seq_cst);
  hand_out();
}

void Places::remove(PlaceWaiter& waiter) {
  const std::lock_guard lock(mutex_);
  const auto removed =
      std::erase_if(entries_, [&](const Entry& entry) { return entry.waiter == &waiter; });
  counts_.waiting.fetch_sub(static_cast<std::uint32_t>(removed), std::memory_order_seq_cst);
}

void Places::hand_out() {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (!take_below(entry->limit)) {
      ++entry;  // a later one may have a higher limit
      continue;
    }
    // One that got a place elsewhere does not need this one: the next in line gets it.
    if (!entry->waiter->give(*this)) counts_.taken.fetch_sub(1, std::memory_order_seq_cst);
    entry = entries_.erase(entry);
    counts_.waiting.fetch_sub(1, std::memory_order_seq_cst);
  }
}

bool PlaceWaiter::give(Places& places) {
  Places* none = nullptr;
  if (!given_.compare_exchange_strong(none, &places, std::memory_order_acq_rel)) return false;
  on_place_();
  return true;
}

void PlaceWaiter::wait_for(Places& places, std::uint32_t limit) {
  if (has_place()) return;
  registered_.push_back(&places);
  places.add(*this, limit);
}

Places* PlaceWaiter::take() {
  for (Places* places : registered_) places->remove(*this);
  registered_.clear();
  return given_.exchange(nullptr, std::memory_order_acq_rel);
}

void PlaceWaiter::stop() {
  if (Places* const given = take()) given->leave();
}

}  // namespace penstock::routing
