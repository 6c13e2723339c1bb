#pragma once

// UpstreamLimit: how many connections all threads together may have to one upstream.
//
// Each connection holds a permit for as long as it exists, also while it is idle. If none is left,
// a request waits in one queue for all threads, in the order of arrival. It gets the next permit
// that is returned, or, on its own thread, a connection that has just ended its exchange. A waiting
// request makes each thread's pool close one idle connection. Every function may be called from any
// thread; a turn is waited for on the loop that it was created for.

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

// Whether a reused connection is acceptable.
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

  // Through which a pool is asked to close an idle connection. The pool removes itself on its own
  // thread; requests that are on their way then have no effect.
  struct Member {
    net::EventLoop& loop;
    UpstreamPool* pool;
  };

  // `waiting_max` requests may wait at once.
  UpstreamLimit(std::size_t connections_max, std::size_t waiting_max)
      : connections_max_(connections_max), waiting_max_(waiting_max) {}

  std::size_t connections_max() const { return connections_max_; }

  // Nullopt if all are in use.
  std::optional<Permit> take();

  // Null if the queue is full.
  std::shared_ptr<Turn> wait(net::EventLoop& loop, Reuse reuse);
  // Ends a wait, however it ended; returns the permit, if it has one.
  std::optional<Permit> leave(const std::shared_ptr<Turn>& turn);

  // Cheap enough to call in every exchange.
  bool somebody_waits() const { return waiting_count_.load(std::memory_order_relaxed) > 0; }
  // Removes and returns the first of the queue if it waits on this loop and accepts a reused
  // connection, which is then handed to it; else null.
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
