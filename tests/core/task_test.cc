#include "core/task.h"

#include <array>
#include <coroutine>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

// Blocks tasks that wait on it until it is opened.
class Gate {
 public:
  auto operator co_await() {
    struct Awaiter {
      Gate& gate;
      bool await_ready() const { return gate.open_; }
      void await_suspend(std::coroutine_handle<> waiter) { gate.waiting_.push_back(waiter); }
      void await_resume() const {}
    };
    return Awaiter{*this};
  }
  void open() {
    open_ = true;
    const std::vector<std::coroutine_handle<>> waiting = std::exchange(waiting_, {});
    for (const std::coroutine_handle<> each : waiting) each.resume();
  }

 private:
  bool open_ = false;
  std::vector<std::coroutine_handle<>> waiting_;
};

// Starts a task without a parent, as net::TaskGroup does.
struct Root {
  struct promise_type {
    Root get_return_object() const { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const {}
    void unhandled_exception() const { std::terminate(); }
  };
};
Root run(Task<void> task, bool& ended) {
  co_await task;
  ended = true;
}

Task<int> number_behind(Gate& gate, int number) {
  co_await gate;
  co_return number;
}

Task<void> add(Gate& first, Gate& second, std::vector<int>& log) {
  log.push_back(co_await number_behind(first, 1));
  log.push_back(co_await number_behind(second, 2));
}

TEST(Task, GivesItsValueToTheOneWhoAwaitsItWhetherItHadToWaitOrNot) {
  Gate first;
  Gate second;
  std::vector<int> log;
  bool ended = false;
  second.open();
  run(add(first, second, log), ended);
  EXPECT_TRUE(log.empty());
  first.open();
  EXPECT_EQ(log, (std::vector{1, 2}));
  EXPECT_TRUE(ended);
}

Eventual<std::unique_ptr<int>> number_at_once_or(Gate& gate, bool at_once, int number) {
  if (at_once) return std::make_unique<int>(number);
  return [](Gate& behind, int value) -> Task<std::unique_ptr<int>> {
    co_await behind;
    co_return std::make_unique<int>(value);
  }(gate, number);
}

Task<void> add_numbers(Gate& gate, std::vector<int>& log) {
  const std::unique_ptr<int> first = co_await number_at_once_or(gate, true, 1);
  log.push_back(*first);
  const std::unique_ptr<int> second = co_await number_at_once_or(gate, false, 2);
  log.push_back(*second);
}

TEST(Eventual, GivesAValueThatIsThereWithoutAWaitAndATasksValueAfterIt) {
  Gate gate;
  std::vector<int> log;
  bool ended = false;
  run(add_numbers(gate, log), ended);
  EXPECT_EQ(log, (std::vector{1}));
  gate.open();
  EXPECT_EQ(log, (std::vector{1, 2}));
  EXPECT_TRUE(ended);
}

TEST(Eventual, TellsWhetherItsValueIsThere) {
  Gate gate;
  Eventual<std::unique_ptr<int>> there = number_at_once_or(gate, true, 7);
  EXPECT_TRUE(there.is_ready());
  EXPECT_EQ(*there.take(), 7);
  EXPECT_FALSE(number_at_once_or(gate, false, 7).is_ready());
}

Task<void> touch(bool& started) {
  started = true;
  co_return;
}

TEST(Task, DoesNotStartUntilItIsAwaitedAndMayBeDroppedUnstarted) {
  bool started = false;
  {
    Task<void> dropped = touch(started);
    Task<void> moved(std::move(dropped));
  }
  EXPECT_FALSE(started);
}

Task<std::unique_ptr<std::string>> fail_behind(Gate& gate) {
  co_await gate;
  throw std::runtime_error("a fault");
  co_return nullptr;
}

Task<void> catch_it(Gate& gate, std::string& what) {
  try {
    co_await fail_behind(gate);
  } catch (const std::exception& exception) {
    what = exception.what();
  }
}

TEST(Task, PassesAnExceptionOnAndEndsInOrder) {
  for (const bool open_before : {true, false}) {
    Gate gate;
    std::string what;
    bool ended = false;
    if (open_before) gate.open();
    run(catch_it(gate, what), ended);
    gate.open();
    EXPECT_EQ(what, "a fault");
    EXPECT_TRUE(ended);
  }
}

Task<int> one() {
  co_return 1;
}

Task<void> sum(int rounds, long& total) {
  for (int i = 0; i < rounds; ++i) total += co_await one();
}

TEST(Task, DoesNotGrowTheStackInALoopOverChildrenThatNeverWait) {
  long total = 0;
  bool ended = false;
  run(sum(1'000'000, total), ended);
  EXPECT_EQ(total, 1'000'000);
  EXPECT_TRUE(ended);
}

Task<std::string> hold(std::unique_ptr<std::string> text, Gate& gate) {
  std::array<char, 500> large{};
  co_await gate;
  co_return *text + std::to_string(large.size());
}

Task<void> hold_twice(Gate& gate, std::string& out) {
  auto text = std::make_unique<std::string>("a string that is too long for the small buffer ");
  out = co_await hold(std::move(text), gate);
}

TEST(Task, OwnsItsArgumentsUntilItEnds) {
  Gate gate;
  std::string out;
  bool ended = false;
  run(hold_twice(gate, out), ended);
  gate.open();
  EXPECT_EQ(out, "a string that is too long for the small buffer 500");
}

}  // namespace
}  // namespace penstock
