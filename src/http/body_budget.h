#pragma once

// BodyBudget: how many bytes of request bodies all threads may hold together.
//
// Without it, memory would be bounded only by the number of connections times the size of a body. A
// body takes from the budget as it arrives, not by the length that its head states: a client that
// announces much and sends little takes nothing from the others. A body that fits its connection's
// block, with its head, is not counted: the number of connections bounds those blocks.
//
// One budget per process, used by every thread.

#include <atomic>
#include <cstddef>
#include <utility>

namespace penstock::http {

class BodyBudget {
 public:
  explicit BodyBudget(std::size_t max_bytes) : max_bytes_(max_bytes) {}
  BodyBudget(const BodyBudget&) = delete;
  BodyBudget& operator=(const BodyBudget&) = delete;

  // For what is taken from now on. Any thread.
  void set_max(std::size_t max_bytes) { max_bytes_.store(max_bytes, std::memory_order_relaxed); }
  std::size_t held_bytes() const { return held_bytes_.load(std::memory_order_relaxed); }

  // What one body has taken; returned at its end at the latest. Used by one thread.
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

    // Takes `bytes` more. False, without taking anything, if the budget has too few.
    bool take(std::size_t bytes) {
      const std::size_t before = budget_->held_bytes_.fetch_add(bytes, std::memory_order_relaxed);
      if (before + bytes > budget_->max_bytes_.load(std::memory_order_relaxed)) {
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
  std::atomic<std::size_t> max_bytes_;
  std::atomic<std::size_t> held_bytes_{0};
};

}  // namespace penstock::http
