#pragma once

// TaskGroup: owns coroutines that no parent awaits.
//
// A group belongs to one thread and to the object whose work its tasks do. join() ends when the
// last task has ended; a group must be empty when it is destroyed. The group does not cancel: its
// owner raises the signal that its tasks wait on, then joins.

#include <cstddef>
#include <functional>
#include <string_view>

#include "core/task.h"
#include "net/event_loop.h"
#include "net/signal.h"

namespace penstock::net {

class TaskGroup {
 public:
  // Called with what() when a task ends with an exception: a bug worth a log line. The other tasks
  // continue.
  using OnException = std::function<void(std::string_view)>;

  TaskGroup(EventLoop& loop, OnException on_exception);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts the task; it runs inside this call until its first wait.
  void spawn(Task<void> task);

  std::size_t size() const { return size_; }

  // Waits until no task is left. Tasks may be added while it waits.
  Task<void> join();

 private:
  struct Runner;
  Runner run(Task<void> task);

  EventLoop& loop_;
  OnException on_exception_;
  std::size_t size_ = 0;
  Signal empty_;
};

}  // namespace penstock::net
