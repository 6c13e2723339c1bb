#pragma once

// LoopPulse: whether each of a process's event loops still turns.
//
// Whoever wants to know asks: a function is posted to each loop, and a loop that has not run it
// owes an answer. So nothing wakes an idle loop unless somebody asks, and a loop that hangs cannot
// answer for itself. Any thread may use it.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "core/clock.h"
#include "net/event_loop.h"

namespace penstock::net {

class LoopPulse {
 public:
  // The loop counts until it is removed, which must be before it is destroyed.
  void add(EventLoop& loop);
  void remove(EventLoop& loop);

  // Asks each loop that does not owe an answer.
  void ask(SteadyTime now);

  // For how long a loop has owed its answer, the longest of all; zero if none does.
  std::chrono::nanoseconds longest_owed(SteadyTime now) const;
  // How many have owed theirs for more than `limit`.
  std::size_t late(SteadyTime now, std::chrono::nanoseconds limit) const;

 private:
  // When the question was asked that the loop owes an answer to, in nanoseconds; 0: none.
  using Owed = std::atomic<std::int64_t>;
  struct Member {
    EventLoop* loop;
    std::shared_ptr<Owed> owed;

    std::chrono::nanoseconds owed_for(SteadyTime now) const;
  };

  mutable std::mutex mutex_;
  std::vector<Member> members_;
};

}  // namespace penstock::net
