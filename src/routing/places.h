#pragma once

// The places of a target: how many requests it serves at once, over all threads.
//
// A request enters if there is a place, and leaves when its Lease ends. One that finds no place may
// wait (PlaceWaiter). A place that becomes free goes to the waiter that has waited longest;
// requests that come later count those who wait as taken places. Where nobody waits, entering and
// leaving are one atomic operation each.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <mutex>
#include <utility>
#include <vector>

namespace penstock::routing {

class PlaceWaiter;

// What requests read and write: a part of the target's line of memory.
struct PlaceCounts {
  std::atomic<std::uint32_t> taken{0};
  std::atomic<std::uint32_t> waiting{0};
};

class Places {
 public:
  static constexpr std::uint32_t kNoLimit = std::numeric_limits<std::uint32_t>::max();

  explicit Places(PlaceCounts& counts) : counts_(counts) {}
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;

  // Whether the caller has a place now. Never more than `limit` are taken, and none by one that
  // does not wait while others do.
  bool enter(std::uint32_t limit);
  void leave();

  std::uint32_t taken() const { return counts_.taken.load(std::memory_order_relaxed); }
  bool is_full(std::uint32_t limit) const {
    if (limit == kNoLimit) return false;
    // Those who wait come first.
    const std::uint64_t before = std::uint64_t{counts_.taken.load(std::memory_order_relaxed)} +
                                 counts_.waiting.load(std::memory_order_relaxed);
    return before >= limit;
  }

 private:
  friend class PlaceWaiter;
  struct Entry {
    PlaceWaiter* waiter;
    std::uint32_t limit;
  };

  bool take_below(std::uint32_t limit);
  void add(PlaceWaiter& waiter, std::uint32_t limit);
  void remove(PlaceWaiter& waiter);
  // Gives free places to those who wait, in their order. Locked.
  void hand_out();

  PlaceCounts& counts_;
  std::mutex mutex_;  // taken only while somebody waits
  std::deque<Entry> entries_;
};

// One request that waits for a place of any of several targets. Belongs to the request's thread.
//
// `on_place` is called at most once for each wait, on whichever thread a place becomes free, under
// a lock: it must only wake the owner (a post to its loop). The owner then asks its Plan again,
// which uses the place. Destroyed before, the waiter gives back what it was given.
class PlaceWaiter {
 public:
  explicit PlaceWaiter(std::function<void()> on_place) : on_place_(std::move(on_place)) {}
  ~PlaceWaiter() { stop(); }
  PlaceWaiter(const PlaceWaiter&) = delete;
  PlaceWaiter& operator=(const PlaceWaiter&) = delete;

  // Waits for a place of `places` too.
  void wait_for(Places& places, std::uint32_t limit);
  // Waits no longer. A place that was given and not taken is given back.
  void stop();
  // The place that was given, which is the caller's from here on: it leaves it. nullptr: none was.
  Places* take();

  bool has_place() const { return given_.load(std::memory_order_acquire) != nullptr; }

 private:
  friend class Places;
  // Whether this waiter takes that place: it takes one only.
  bool give(Places& places);

  std::function<void()> on_place_;
  std::atomic<Places*> given_{nullptr};
  std::vector<Places*> registered_;
};

}  // namespace penstock::routing
