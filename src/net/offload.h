#pragma once

// Offload: the one way to do blocking work.
//
// What may block (getaddrinfo(), a slow disk) never runs on an I/O thread. It waits in a bounded
// queue for one of a few threads; its result comes back through a Mailbox:
//
//   offload.start([path, home = mailbox.address(), this] {
//     home.post([this, text = read(path)] { take(text); });
//   });
//
// Each kind of work has an Offload of its own, so that a slow kind cannot delay another. Work may
// take longer than the process can wait, so the threads are not joined; they and the work own what
// they touch. Everything here may be called from any thread.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/limit.h"
#include "core/result.h"

namespace penstock::net {

class Offload {
 public:
  using Work = std::function<void()>;

  // A piece of work, shared by whoever wants it and the thread; the first of the two decides.
  class Job {
   public:
    // Called by the thread. False if the work is not wanted any more.
    bool begin() { return leave_queue(State::kBegun); }
    // Called by whoever wanted it. False if it has begun, so that a result will come.
    bool drop() { return leave_queue(State::kDropped); }
    bool dropped() const { return state_.load(std::memory_order_relaxed) == State::kDropped; }

   private:
    enum class State : std::uint8_t { kQueued, kBegun, kDropped };

    bool leave_queue(State next) {
      State queued = State::kQueued;
      return state_.compare_exchange_strong(queued, next);
    }

    std::atomic<State> state_{State::kQueued};
  };

  struct Options {
    std::string work;         // for messages, in the plural: "look-ups of names"
    std::size_t threads = 1;  // how many pieces are done at once
    std::size_t waiting_max = 1024;
    std::optional<Limit> limit = {};  // the setting that waiting_max comes from
  };

  struct Counts {
    std::size_t waiting = 0;    // pieces that wait for a thread
    std::uint64_t refused = 0;  // pieces for which there was no place
  };

  explicit Offload(Options options);
  // Work that has not begun is not done.
  ~Offload();
  Offload(const Offload&) = delete;
  Offload& operator=(const Offload&) = delete;

  // `work` must not throw. It runs once, unless it is dropped before it begins. Fails with
  // kOverloaded if `waiting_max` pieces are waiting.
  Result<std::shared_ptr<Job>> start(Work work);

  // For work that is started from now on.
  void set_waiting_max(std::size_t waiting_max);

  Counts counts() const;

 private:
  struct Queue;
  std::shared_ptr<Queue> queue_;
};

}  // namespace penstock::net
