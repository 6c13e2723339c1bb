#pragma once

// UpstreamLimit: how many connections all threads together may have to one upstream.
//
// Each connection holds a permit for as long as it exists, resting ones too. Where none is left a
// request takes its turn in one queue for all threads, in the order of arrival: it gets the next
// permit that comes back, or, on its own thread, a connection that has just ended its exchange.
// Whoever waits makes the pools of all threads close one that rests. Every function may be called
// from any thread; a turn is waited for on the loop that it was made for.

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "net/event_loop.h"
#include "net/signal.h"

namespace penstock::http {

// Whether a connection will do that has served before.
enum class Reuse : bool { kNo, kYes };

class UpstreamConnection;
class UpstreamPool;

class UpstreamLimit {
 public:
  class Permit {
   public:
    Permit() = default;
    Permit(Permit&& other) noexcept : limit_(std::exchange(other.limit_, nullptr)) {}
    Permit& operator=(Permit&& other) noexcept {
      std::swap(limit_, other.limit_);
      return *this;
    }
    ~Permit() {
      if (limit_ != nullptr) limit_->give_back();
    }

   private:
    friend class UpstreamLimit;
    explicit Permit(UpstreamLimit& limit) : limit_(&limit) {}
    UpstreamLimit* limit_ = nullptr;
  };

  // One request's place in the queue.
  struct Turn {
    Turn(net::EventLoop& loop, Reuse reuse);
    ~Turn();

    net::EventLoop& loop;
    const Reuse reuse;
    net::Signal came;
    std::unique_ptr<UpstreamConnection> handed;  // by the pool of the same thread
    bool granted = false;                        // guarded by the limit's mutex
  };

  // Where a pool can be asked for a connection that rests. The pool takes itself out on its own
  // thread; what is on its way to it then finds nobody.
  struct Member {
    net::EventLoop& loop;
    UpstreamPool* pool;
  };

  // `waiting_max` requests may wait at once.
  UpstreamLimit(std::size_t connections_max, std::size_t waiting_max)
      : connections_max_(connections_max), waiting_max_(waiting_max) {}

  std::size_t connections_max() const { return connections_max_; }

  // Nothing where all are in use.
  std::optional<Permit> take();

  // Null where as many wait as may.
  std::shared_ptr<Turn> wait(net::EventLoop& loop, Reuse reuse);
  // The end of a wait, whatever ended it: the permit, where it has one.
  std::optional<Permit> leave(const std::shared_ptr<Turn>& turn);

  // Cheap enough for every exchange.
  bool somebody_waits() const { return waiting_count_.load(std::memory_order_relaxed) > 0; }
  // The first of the queue, taken out of it, where it waits on this loop for such a
  // connection: one is handed to it. Null where its turn is another's.
  std::shared_ptr<Turn> next_on(const net::EventLoop& loop);

  void join(std::shared_ptr<Member> member);
  void leave(const std::shared_ptr<Member>& member);

 private:
  void give_back();
  void count_waiting() { waiting_count_.store(queue_.size(), std::memory_order_relaxed); }

  const std::size_t connections_max_;
  const std::size_t waiting_max_;
  std::atomic<std::size_t> waiting_count_{0};
  std::mutex mutex_;
  std::size_t taken_ = 0;
  std::deque<std::shared_ptr<Turn>> queue_;
  std::vector<std::shared_ptr<Member>> members_;
};

}  // namespace penstock::http
