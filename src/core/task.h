#pragma once

// Task<T>: a coroutine that starts when it is awaited and returns one value.
//
// A Task owns its coroutine. It may be destroyed if it was never awaited, but not while it is
// suspended in a wait: what it waits on would resume freed memory. So a Task lives until it has
// finished, either in the frame that awaits it or in a net::TaskGroup. There is no detached start.
// Awaited tasks may take references; tasks given to a group take values, or what the group's owner
// owns.
//
// A child that finishes without waiting returns to its parent without growing the stack, so loops
// over tasks that seldom wait are safe in every build type. Exceptions pass through co_await; they
// mean bugs, and end the connection on which they occur.
//
// Two bugs of GCC 12 shape code that awaits. It destroys temporaries of a co_await expression twice
// if they are lambdas with captures or aggregates with non-trivial members: name such objects on
// the line above. And it lays out frames wrongly if the condition of a loop or branch awaits
// (`while (co_await next())`): at -O2 such a coroutine never resumes. Name the result first.

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

#include "core/frame_pool.h"

namespace penstock {

template <class T = void>
class [[nodiscard]] Task;

namespace task_detail {

class PromiseBase {
 public:
  static void* operator new(std::size_t bytes) { return FramePool::allocate(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept {
    FramePool::release(frame, bytes);
  }

  struct FinalAwaiter {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
      PromiseBase& promise = self.promise();
      promise.finished_ = true;
      // A parent that is still inside start() continues by itself.
      if (!promise.parent_suspended_) return std::noop_coroutine();
      return promise.parent_;
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  FinalAwaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }

 protected:
  template <class>
  friend class ::penstock::Task;

  void rethrow() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::coroutine_handle<> parent_;
  bool parent_suspended_ = false;
  bool finished_ = false;
  std::exception_ptr exception_;
};

template <class T>
class Promise final : public PromiseBase {
 public:
  Task<T> get_return_object() noexcept;
  template <class Value>
  void return_value(Value&& value) {
    value_.emplace(std::forward<Value>(value));
  }
  T take() {
    rethrow();
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
};

template <>
class Promise<void> final : public PromiseBase {
 public:
  Task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const { rethrow(); }
};

}  // namespace task_detail

template <class T>
class [[nodiscard]] Task {
 public:
  using promise_type = task_detail::Promise<T>;

  explicit Task(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  class Awaiter {
   public:
    explicit Awaiter(std::coroutine_handle<promise_type> child) noexcept : child_(child) {}
    bool await_ready() const noexcept { return false; }
    bool await_suspend(std::coroutine_handle<> parent) const {
      task_detail::PromiseBase& promise = child_.promise();
      promise.parent_ = parent;
      child_.resume();
      if (promise.finished_) return false;
      promise.parent_suspended_ = true;
      return true;
    }
    T await_resume() const { return child_.promise().take(); }

   private:
    std::coroutine_handle<promise_type> child_;
  };

  Awaiter operator co_await() const& noexcept { return Awaiter(handle_); }
  Awaiter operator co_await() const&& noexcept { return Awaiter(handle_); }

 private:
  std::coroutine_handle<promise_type> handle_;
};

namespace task_detail {

template <class T>
Task<T> Promise<T>::get_return_object() noexcept {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}

inline Task<void> Promise<void>::get_return_object() noexcept {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace task_detail

// Eventual<T>: a value that is usually ready at once, or the task that will return it.
//
// For operations such as a write, which the socket nearly always takes whole: a plain function
// tries, and creates a coroutine only for the rest. It is awaited once, like a task.
template <class T>
class [[nodiscard]] Eventual {
 public:
  template <std::convertible_to<T> Value>
  Eventual(Value&& value) : state_(std::in_place_index<0>, std::forward<Value>(value)) {}
  Eventual(Task<T> task) : state_(std::in_place_index<1>, std::move(task)) {}

  bool is_ready() const { return state_.index() == 0; }
  // The value; only if is_ready().
  T take() { return std::move(std::get<0>(state_)); }

  class Awaiter {
   public:
    explicit Awaiter(Eventual& eventual) noexcept : eventual_(eventual) {}
    bool await_ready() const noexcept { return eventual_.is_ready(); }
    bool await_suspend(std::coroutine_handle<> parent) const {
      return task().await_suspend(parent);
    }
    T await_resume() const {
      return eventual_.is_ready() ? eventual_.take() : task().await_resume();
    }

   private:
    typename Task<T>::Awaiter task() const {
      return std::get<1>(eventual_.state_).operator co_await();
    }

    Eventual& eventual_;
  };

  Awaiter operator co_await() && noexcept { return Awaiter(*this); }

 private:
  std::variant<T, Task<T>> state_;
};

}  // namespace penstock
