#pragma once

// EventLoop: one thread's scheduler. It runs ready coroutines, polls for outside events, and fires
// deadlines.
//
// Everything here belongs to the thread that calls run(), except post() and stop(), which any
// thread may call. Time and readiness come from a Clock and a Poller, so that a simulation can
// drive the same loop without a kernel.

#include <atomic>
#include <chrono>
#include <coroutine>
#include <functional>
#include <mutex>
#include <vector>

#include "core/clock.h"
#include "net/deadline.h"

namespace penstock::net {

class Waiter;

// Where outside events come from: epoll in production (net/epoll_poller.h).
class Poller {
 public:
  virtual ~Poller() = default;
  // Waits for events for at most `timeout` (negative: no limit) and raises the signals concerned.
  // Returns early when wake() is called.
  virtual void poll(std::chrono::nanoseconds timeout) = 0;
  // Ends a poll(). Callable from any thread.
  virtual void wake() = 0;
};

class EventLoop {
 public:
  EventLoop(const Clock& clock, Poller& poller);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs until stop(). May be called again afterwards.
  void run();
  // One turn: ready coroutines, then a poll of at most `timeout`, deadlines, posted functions.
  void run_once(std::chrono::nanoseconds timeout);

  void stop();
  // Runs `function` on the loop's thread, in the order of the calls.
  void post(std::function<void()> function);

  // The time of this turn, read once after each poll. For deadlines.
  SteadyTime now() const { return now_; }
  // The current time. For durations that may lie within one turn.
  SteadyTime read_clock() const { return clock_.steady(); }
  WallTime wall() const { return clock_.wall(); }

 private:
  friend class Deadline;
  friend class Waiter;

  // How many satisfied waits a coroutine may pass before others get their turn.
  static constexpr int kWaitsPerTurn = 32;

  void make_ready(Waiter& waiter);
  bool may_continue() { return --waits_left_ > 0; }
  void run_ready();
  void run_posted();
  void fire_deadlines();
  std::chrono::nanoseconds until_next_deadline() const;

  void heap_insert(Deadline& deadline);
  void heap_remove(Deadline& deadline);
  void heap_place(std::size_t index, Deadline* deadline);
  void heap_sift(std::size_t index);

  const Clock& clock_;
  Poller& poller_;
  SteadyTime now_;
  Waiter* ready_first_ = nullptr;
  Waiter* ready_last_ = nullptr;
  int waits_left_ = 0;
  std::vector<Deadline*> heap_;

  std::mutex posted_mutex_;
  std::vector<std::function<void()>> posted_;
  bool stop_requested_ = false;
  // Set with posted_ or stop_requested_, so that a turn takes the mutex only when needed.
  std::atomic<bool> something_posted_{false};
};

}  // namespace penstock::net
