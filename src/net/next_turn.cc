#include "net/next_turn.h"

#include <chrono>

#include "net/deadline.h"
#include "net/wait.h"

namespace penstock::net {

Task<void> next_turn(EventLoop& loop) {
  Deadline soon(loop);
  soon.set(loop.now() + std::chrono::nanoseconds(1));
  co_await wait_any(loop, &soon);
}

}  // namespace penstock::net
