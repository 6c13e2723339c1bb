#pragma once

// Waiting for the first of several things.
//
//   const Woken woken = co_await wait_any(loop, &deadline, upstream.readable(), client.closed());
//   if (woken.by(client.closed())) …   // the client has gone
//   if (woken.timed_out()) …           // the deadline has passed
//   …                                  // the upstream has bytes
//
// The signals are checked in the order given, then the deadline; one that is already raised ends
// the wait without suspending, unless the coroutine has used up its turn. Name the outcome on a
// separate line: GCC 12 fails on a co_await inside a condition (core/task.h).

#include <array>
#include <coroutine>
#include <cstddef>

#include "net/event_loop.h"
#include "net/signal.h"

namespace penstock::net {

// A suspended coroutine, as signals, deadlines and the loop see it.
class Waiter {
 public:
  Waiter(EventLoop& loop, Deadline* deadline, std::size_t count)
      : loop_(loop), deadline_(deadline), count_(count) {}

  // Unlinks the waiter from everything that it waits on and makes its coroutine ready. `index` says
  // what ended the wait.
  void wake(std::size_t index);

 protected:
  bool ready(Signal* const* signals);
  void suspend(Signal* const* signals, WaitLink* links, std::coroutine_handle<> coroutine);

  EventLoop& loop_;
  Deadline* deadline_;
  std::size_t count_;
  std::size_t woken_by_ = 0;

 private:
  friend class EventLoop;

  WaitLink* links_ = nullptr;

  bool find_raised(Signal* const* signals);

  std::coroutine_handle<> coroutine_;
  Waiter* next_ready_ = nullptr;
};

// What ended a wait: one of its signals, or its deadline.
class Woken {
 public:
  explicit Woken(const Signal* signal) : signal_(signal) {}

  bool by(const Signal& signal) const { return signal_ == &signal; }
  bool timed_out() const { return signal_ == nullptr; }

 private:
  const Signal* signal_;  // null: the deadline
};

template <std::size_t Count>
class [[nodiscard]] WaitAny final : public Waiter {
 public:
  template <class... Signals>
  WaitAny(EventLoop& loop, Deadline* deadline, Signals&... signals)
      : Waiter(loop, deadline, Count), signals_{&signals...} {}
  WaitAny(const WaitAny&) = delete;
  WaitAny& operator=(const WaitAny&) = delete;

  bool await_ready() { return ready(signals_.data()); }
  void await_suspend(std::coroutine_handle<> coroutine) {
    suspend(signals_.data(), links_.data(), coroutine);
  }
  Woken await_resume() const { return Woken(woken_by_ < Count ? signals_[woken_by_] : nullptr); }

 private:
  std::array<Signal*, Count> signals_;
  std::array<WaitLink, Count> links_;
};

// `deadline` may be null: the wait then has no time limit.
template <class... Signals>
WaitAny<sizeof...(Signals)> wait_any(EventLoop& loop, Deadline* deadline, Signals&... signals) {
  return WaitAny<sizeof...(Signals)>(loop, deadline, signals...);
}

}  // namespace penstock::net
