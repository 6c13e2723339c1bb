#pragma once

// The poller over Linux epoll, edge-triggered: one system call registers a socket for its whole
// life, and waiting on it needs none.
//
// A source's signals are raised when the kernel reports a change, and lowered by code that finds
// the condition over (a read that would block, a short write). Nothing runs during poll(): signals
// only make coroutines ready, so a source may be removed at any time between polls.

#include <array>

#include <sys/epoll.h>

#include "net/event_loop.h"
#include "net/signal.h"

namespace penstock::net {

// One registered file descriptor's readiness.
struct Readiness {
  Signal readable;
  Signal writable;
  Signal closed;  // the peer has shut its side or reset the connection, or an error is pending
  // TLS may need the other direction to continue: each event then raises both signals.
  bool coupled = false;
};

class EpollPoller final : public Poller {
 public:
  EpollPoller();  // throws std::system_error: a failed start
  ~EpollPoller() override;
  EpollPoller(const EpollPoller&) = delete;
  EpollPoller& operator=(const EpollPoller&) = delete;

  // `readiness` must stay valid until the descriptor is closed, which removes it from the set.
  // Nothing is raised yet: the first poll reports what is already true. False if the kernel has no
  // room (ENOMEM, ENOSPC).
  [[nodiscard]] bool add(int descriptor, Readiness& readiness);
  // The same for a listening socket that other pollers have too: an event wakes one of them.
  // Closing this descriptor does not remove it while others of the socket are open: remove() does.
  [[nodiscard]] bool add_shared(int descriptor, Readiness& readiness);
  void remove(int descriptor);

  void poll(std::chrono::nanoseconds timeout) override;
  void wake() override;

 private:
  int epoll_ = -1;
  int wake_ = -1;
  std::array<epoll_event, 256> events_;
};

}  // namespace penstock::net
