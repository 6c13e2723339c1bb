#pragma once

// Signal: a level that coroutines of one thread can wait for.
//
// A signal is raised or not. Raising it makes every coroutine that waits on it ready (the event
// loop runs it later, never inside raise()). It stays raised until it is lowered, so that nothing
// that happened before a wait is missed. Readiness of a socket, a client's departure and the order
// to shut down are all signals, so that one wait can name several of them (net/wait.h). Signals
// belong to one thread and outlive every wait on them.

#include <cstddef>

namespace penstock::net {

class Waiter;

// One place in one signal's list of waiters.
struct WaitLink {
  WaitLink* previous = nullptr;
  WaitLink* next = nullptr;
  Waiter* waiter = nullptr;
  std::size_t index = 0;  // which of the waiter's signals this is

  bool linked() const { return previous != nullptr; }
  void unlink() {
    previous->next = next;
    next->previous = previous;
    previous = next = nullptr;
  }
};

class Signal {
 public:
  Signal() { head_.previous = head_.next = &head_; }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  bool raised() const { return raised_; }
  void raise();
  void lower() { raised_ = false; }

 private:
  friend class Waiter;

  void link(WaitLink& link) {
    link.previous = head_.previous;
    link.next = &head_;
    head_.previous->next = &link;
    head_.previous = &link;
  }

  WaitLink head_;
  bool raised_ = false;
};

}  // namespace penstock::net
