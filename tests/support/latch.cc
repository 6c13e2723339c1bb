#include "support/latch.h"

#include <cerrno>
#include <cstdint>
#include <system_error>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace penstock::testing {

Latch::Latch() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Latch::~Latch() {
  close(descriptor_);
}

void Latch::release() {
  const std::uint64_t one = 1;
  // Fails only if the counter is full, and then the latch is already released.
  [[maybe_unused]] const ssize_t written = write(descriptor_, &one, sizeof one);
}

bool Latch::released() const {
  return wait(milliseconds(0));
}

bool Latch::wait(milliseconds limit) const {
  const TimePoint until = after(limit);
  for (;;) {
    pollfd wanted{descriptor_, POLLIN, 0};
    const int ready = poll(&wanted, 1, poll_milliseconds(until));
    if (ready > 0) return true;
    if (ready == 0 && Clock::now() >= until) return false;
  }
}

}  // namespace penstock::testing
