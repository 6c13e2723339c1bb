#pragma once

// Mailbox: where other threads leave work for a loop that may end before they do.
//
// EventLoop::post() needs a loop that is still there. A thread that blocks for longer than the
// process can wait holds an Address instead: what it posts after the mailbox has been destroyed is
// dropped, and so is what has been posted but not run by then. So a function may use whatever owns
// the mailbox.

#include <functional>
#include <memory>

#include "net/event_loop.h"

namespace penstock::net {

class Mailbox {
  struct State;

 public:
  // Copyable, and usable by any thread at any time.
  class Address {
   public:
    // `function` runs on the loop's thread, or is dropped by any thread.
    void post(std::function<void()> function) const;

   private:
    friend class Mailbox;
    explicit Address(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
  };

  explicit Mailbox(EventLoop& loop);
  // On the loop's thread.
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  Address address() const { return Address(state_); }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace penstock::net
