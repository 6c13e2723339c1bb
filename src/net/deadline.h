#pragma once

// Deadline: a point in time that a wait can name beside signals.
//
// Made for connections, where every operation moves the limit and almost none reaches it: moving a
// deadline later costs two stores. The event loop keeps a heap of the times to look at, and
// reinserts a deadline that has moved by then. One coroutine waits on a deadline at a time.

#include <chrono>
#include <cstddef>

#include "core/clock.h"

namespace penstock::net {

class EventLoop;
class Waiter;

class Deadline {
 public:
  static constexpr SteadyTime kNever = SteadyTime::max();

  explicit Deadline(EventLoop& loop) : loop_(loop) {}
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void set(SteadyTime time);
  // From now; zero or less means never, as in the settings.
  void set_after(std::chrono::milliseconds delay);
  void clear() { expires_ = kNever; }

  SteadyTime time() const { return expires_; }
  bool expired() const;

 private:
  friend class EventLoop;
  friend class Waiter;

  static constexpr std::size_t kNotInHeap = static_cast<std::size_t>(-1);

  EventLoop& loop_;
  SteadyTime expires_ = kNever;
  SteadyTime looked_at_ = kNever;  // when the loop will look; never later than expires_
  std::size_t heap_index_ = kNotInHeap;
  Waiter* waiter_ = nullptr;
};

}  // namespace penstock::net
