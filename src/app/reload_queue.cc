#include "app/reload_queue.h"

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace penstock::app {

ReloadQueue::ReloadQueue() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) {
    throw std::system_error(errno, std::generic_category(), "reloads cannot be requested");
  }
}

ReloadQueue::~ReloadQueue() {
  ::close(descriptor_);
}

void ReloadQueue::request(Done done) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(done));
  const std::uint64_t one = 1;
  (void)!::write(descriptor_, &one, sizeof one);
}

void ReloadQueue::answer(const std::function<gateway::ReloadResult()>& reload) {
  std::vector<Done> waiting;
  {
    const std::lock_guard lock(mutex_);
    std::uint64_t count = 0;
    (void)!::read(descriptor_, &count, sizeof count);
    waiting.swap(waiting_);
  }
  if (waiting.empty()) return;
  const gateway::ReloadResult result = reload();
  for (const Done& done : waiting) done(result);
}

}  // namespace penstock::app
