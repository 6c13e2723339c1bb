#pragma once

// BodyMemory: a body of unknown length, in one piece.
//
// It grows by doubling, and each growth is counted in the budget of all bodies before it is
// allocated. When large memory grows, its pages are moved, not copied: that takes microseconds,
// whatever the size.

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "http/body_budget.h"

namespace penstock::http {

class BodyMemory {
 public:
  // The budget outlives it.
  explicit BodyMemory(BodyBudget& budget) : share_(budget) {}
  BodyMemory(BodyMemory&& other) noexcept
      : memory_(std::move(other.memory_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)),
        share_(std::move(other.share_)) {}
  BodyMemory& operator=(BodyMemory&& other) noexcept {
    memory_ = std::move(other.memory_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    share_ = std::move(other.share_);
    return *this;
  }

  // Makes room for at least `bytes` more. False if the budget has too few. Throws std::bad_alloc.
  bool make_room(std::size_t bytes);
  // The memory after the body's end; call add() when it is filled.
  std::span<char> room() { return {memory_.get() + size_, capacity_ - size_}; }
  void add(std::size_t bytes) { size_ += bytes; }

  std::size_t size() const { return size_; }
  std::string_view view() const { return {memory_.get(), size_}; }

  void release();

 private:
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };

  std::unique_ptr<char, Free> memory_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  BodyBudget::Share share_;
};

// The errors of a body over its limit, and of all bodies over theirs.
Error body_too_large();
Error no_memory_for_bodies();

}  // namespace penstock::http
