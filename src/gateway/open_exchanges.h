#pragma once

// OpenExchanges: how many exchanges are open, and signals for who waits until none is, or one.
//
// Each gateway counts its own; those of one thread also count in the thread's. One thread's.

#include <cstddef>

#include "net/signal.h"

namespace penstock::gateway {

class OpenExchanges {
 public:
  // `all`, which outlives this, counts the same exchanges too; null: nothing else does.
  explicit OpenExchanges(OpenExchanges* all = nullptr) : all_(all) { quiet_.raise(); }
  OpenExchanges(const OpenExchanges&) = delete;
  OpenExchanges& operator=(const OpenExchanges&) = delete;

  void add() {
    if (all_ != nullptr) all_->add();
    if (count_++ > 0) return;
    quiet_.lower();
    busy_.raise();
  }
  void remove() {
    if (all_ != nullptr) all_->remove();
    if (--count_ > 0) return;
    busy_.lower();
    quiet_.raise();
  }

  std::size_t count() const { return count_; }
  // Raised while none is open.
  net::Signal& quiet() { return quiet_; }
  // Raised while one is open.
  net::Signal& busy() { return busy_; }

 private:
  OpenExchanges* const all_;
  std::size_t count_ = 0;
  net::Signal quiet_;
  net::Signal busy_;
};

}  // namespace penstock::gateway
