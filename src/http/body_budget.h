#pragma once

// BodyBudget: the bytes of request bodies that all threads may hold together.
//
// Without it, memory is bounded only by the number of connections times the size of a body. A body
// takes from the budget as it arrives, not by the length that its head states: a client that says
// much and sends little takes nothing from the others. A body that lies in its connection's block,
// with its head, is not counted: that block is bounded by the number of connections.
//
// One budget a process, used by every thread.

#include <atomic>
#include <cstddef>
#include <utility>

namespace penstock::http {

class BodyBudget {
 public:
  explicit BodyBudget(std::size_t max_bytes) : max_bytes_(max_bytes) {}
  BodyBudget(const BodyBudget&) = delete;
  BodyBudget& operator=(const BodyBudget&) = delete;

  std::size_t held_bytes() const { return held_bytes_.load(std::memory_order_relaxed); }

  // What one body has taken; given back at its end at the latest. Used by one thread.
  class Share {
   public:
    explicit Share(BodyBudget& budget) : budget_(&budget) {}
    ~Share() { give_back(); }
    Share(Share&& other) noexcept
        : budget_(other.budget_), bytes_(std::exchange(other.bytes_, 0)) {}
    Share& operator=(Share&& other) noexcept {
      give_back();
      budget_ = other.budget_;
      bytes_ = std::exchange(other.bytes_, 0);
      return *this;
    }

    // Takes `bytes` more. False where the budget has no more; then nothing is taken.
    bool take(std::size_t bytes) {
      const std::size_t before = budget_->held_bytes_.fetch_add(bytes, std::memory_order_relaxed);
      if (before + bytes > budget_->max_bytes_) {
        budget_->held_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
        return false;
      }
      bytes_ += bytes;
      return true;
    }

    void give_back() {
      if (bytes_ == 0) return;
      budget_->held_bytes_.fetch_sub(bytes_, std::memory_order_relaxed);
      bytes_ = 0;
    }

   private:
    BodyBudget* budget_;
    std::size_t bytes_ = 0;
  };

 private:
  const std::size_t max_bytes_;
  std::atomic<std::size_t> held_bytes_{0};
};

}  // namespace penstock::http
