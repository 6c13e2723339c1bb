#pragma once

// SimulatedLoop: an event loop whose time and environment the test controls.
//
// Time stands still while anything is ready and moves only when the test lets it: settle() runs
// until nothing is left to do at this moment, pass() lets time pass and fires its deadlines one by
// one. With an `outside` (a simulated network), run_until() lets the seeded outside act whenever
// the loop is idle, and jumps to the next deadline when the outside is idle too. No kernel, no
// threads, no waiting.

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/clock.h"
#include "core/task.h"
#include "net/event_loop.h"
#include "net/task_group.h"

namespace penstock::testing {

class SimulatedPoller final : public net::Poller {
 public:
  // Called when the loop would wait; acts on streams and signals. False: it has nothing to do.
  using Outside = std::function<bool()>;

  void poll(std::chrono::nanoseconds timeout) override {
    next_deadline_ = timeout;
    happened_ = outside_ && outside_();
  }
  void wake() override {}

  void set_outside(Outside outside) { outside_ = std::move(outside); }
  // After the last poll: nothing was ready, no deadline was due, and the outside did nothing.
  bool idle() const { return next_deadline_.count() != 0 && !happened_; }
  std::chrono::nanoseconds next_deadline() const { return next_deadline_; }  // negative: none

 private:
  Outside outside_;
  std::chrono::nanoseconds next_deadline_{0};
  bool happened_ = false;
};

class SimulatedLoop {
 public:
  net::EventLoop& loop() { return loop_; }
  FakeClock& clock() { return clock_; }
  SimulatedPoller& poller() { return poller_; }

  // Runs until nothing is ready. A loop that never becomes idle is a bug.
  void settle() {
    for (int turns = 0; turns < kTurnsMax; ++turns) {
      loop_.run_once(std::chrono::nanoseconds(-1));
      if (poller_.idle()) return;
    }
    throw std::runtime_error("the loop never comes to rest");
  }

  void pass(std::chrono::nanoseconds time) {
    const SteadyTime until = clock_.steady() + time;
    settle();
    for (;;) {
      const std::chrono::nanoseconds next = poller_.next_deadline();
      if (next.count() < 0 || clock_.steady() + next > until) break;
      clock_.advance(next);
      settle();
    }
    clock_.advance(until - clock_.steady());
    settle();
  }

  // Runs until `done`, jumping from deadline to deadline. False if nothing can happen any more.
  template <class Done>
  bool run_until(Done done) {
    for (int turns = 0; turns < kTurnsMax; ++turns) {
      if (done()) return true;
      loop_.run_once(std::chrono::nanoseconds(-1));
      if (!poller_.idle()) continue;
      if (poller_.next_deadline().count() < 0) return done();
      clock_.advance(poller_.next_deadline());
    }
    throw std::runtime_error("the loop never comes to rest");
  }

 private:
  static constexpr int kTurnsMax = 1'000'000;

  FakeClock clock_;
  SimulatedPoller poller_;
  net::EventLoop loop_{clock_, poller_};
};

// Runs tasks and keeps their values, and the text of an exception that a task throws.
class Tasks {
 public:
  explicit Tasks(net::EventLoop& loop)
      : group_(loop, [this](std::string_view what) { exceptions_ += what; }) {}

  // `into` is set when the task has ended.
  template <class T>
  void start(Task<T> task, std::optional<T>& into) {
    group_.spawn(keep(std::move(task), into));
  }
  template <class T>
  void start(Eventual<T> eventual, std::optional<T>& into) {
    group_.spawn(keep(std::move(eventual), into));
  }
  void start(Task<void> task) { group_.spawn(std::move(task)); }

  std::size_t running() const { return group_.size(); }
  const std::string& exceptions() const { return exceptions_; }
  // For a test that expects them.
  std::string take_exceptions() { return std::exchange(exceptions_, {}); }

 private:
  template <class T>
  static Task<void> keep(Task<T> task, std::optional<T>& into) {
    into.emplace(co_await task);
  }

  template <class T>
  static Task<void> keep(Eventual<T> eventual, std::optional<T>& into) {
    into.emplace(co_await std::move(eventual));
  }

  std::string exceptions_;
  net::TaskGroup group_;
};

}  // namespace penstock::testing
