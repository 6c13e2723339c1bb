#include "net/task_group.h"

#include <cstdlib>
#include <utility>

#include "net/wait.h"

namespace penstock::net {

// A coroutine that starts at once and frees itself when it ends.
struct TaskGroup::Runner {
  struct promise_type {
    static void* operator new(std::size_t bytes) { return FramePool::allocate(bytes); }
    static void operator delete(void* frame, std::size_t bytes) noexcept {
      FramePool::release(frame, bytes);
    }
    Runner get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::abort(); }
  };
};

TaskGroup::TaskGroup(EventLoop& loop, OnException on_exception)
    : loop_(loop), on_exception_(std::move(on_exception)) {
  empty_.raise();
}

TaskGroup::~TaskGroup() {
  if (size_ != 0) std::abort();  // a task would outlive what it works on
}

TaskGroup::Runner TaskGroup::run(Task<void> task) {
  try {
    co_await task;
  } catch (const std::exception& exception) {
    on_exception_(exception.what());
  }
  if (--size_ == 0) empty_.raise();
}

void TaskGroup::spawn(Task<void> task) {
  ++size_;
  empty_.lower();
  run(std::move(task));
}

Task<void> TaskGroup::join() {
  while (size_ != 0) co_await wait_any(loop_, nullptr, empty_);
}

}  // namespace penstock::net
