#pragma once

// Blocking name look-ups, on separate threads.
//
// Only getaddrinfo() honours the machine's configuration (hosts file, nsswitch, search list), and
// it blocks, for half a minute if a name server does not answer. The resolver of each event loop
// (net/resolver.h) asks here, and is called back from the thread that has the answer.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/socket_address.h"

namespace penstock::net {

struct LookupAnswer {
  std::vector<SocketAddress> addresses;  // in the system's order of preference, without ports
  std::string failure;                   // why there are none
};

// One look-up, shared by the asker and the look-up thread; the first of the two decides.
class Lookup {
 public:
  // Called by the thread. False if the answer is no longer wanted.
  bool begin() { return leave_queue(State::kBegun); }
  // Called by the asker. False if the look-up has begun, so that an answer will come.
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

// The seam under the resolver.
class Lookups {
 public:
  using Done = std::function<void(LookupAnswer)>;

  virtual ~Lookups() = default;

  // Calls `done` once, from any thread, unless the look-up is dropped before it begins. Null if the
  // queue is full: `done` is then not called.
  virtual std::shared_ptr<Lookup> start(std::string host, Done done) = 0;
};

// Looks up a name with the system's resolver. Blocks.
LookupAnswer system_lookup(const std::string& host);

// The threads that block. A look-up may take longer than the process can wait, so the threads are
// not joined; they own what they touch. start() may be called from any thread.
class LookupThreads final : public Lookups {
 public:
  using Source = std::function<LookupAnswer(const std::string& host)>;

  // `waiting_max`: how many look-ups may wait for a thread; 0: no limit.
  explicit LookupThreads(std::size_t threads, std::size_t waiting_max = 0,
                         Source source = system_lookup);
  ~LookupThreads() override;
  LookupThreads(const LookupThreads&) = delete;
  LookupThreads& operator=(const LookupThreads&) = delete;

  std::shared_ptr<Lookup> start(std::string host, Done done) override;

 private:
  struct Queue;
  std::shared_ptr<Queue> queue_;
};

}  // namespace penstock::net
