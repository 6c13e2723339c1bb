#include "core/memory_trimmer.h"

#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace penstock {
namespace {

// Blocks of this size and above are mapped individually, which costs a fault for each page: most
// bodies are smaller. Setting it also stops glibc from raising it.
[[maybe_unused]] constexpr int kMappedBytes = 2 * 1024 * 1024;

// What each arena may keep at its end, so that it does not grow and shrink with every request.
[[maybe_unused]] constexpr int kKeptBytes = 4 * 1024 * 1024;

void return_large_blocks() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, kMappedBytes);
  mallopt(M_TRIM_THRESHOLD, kKeptBytes);
#endif
}

void return_free_pages() {
#ifdef __GLIBC__
  malloc_trim(kKeptBytes);
#endif
}

}  // namespace

MemoryTrimmer::MemoryTrimmer() {
  return_large_blocks();
  thread_ = std::thread([this] { run(); });
}

MemoryTrimmer::~MemoryTrimmer() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void MemoryTrimmer::wake() {
  {
    const std::lock_guard lock(mutex_);
    work_.store(true, std::memory_order_relaxed);
  }
  changed_.notify_one();
}

void MemoryTrimmer::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || work_.load(std::memory_order_relaxed); });
    changed_.wait_for(lock, kPatience, [this] { return ending_; });
    if (ending_) return;
    // Before the walk: memory freed during it is left for the next one.
    work_.store(false, std::memory_order_relaxed);
    lock.unlock();
    return_free_pages();
    lock.lock();
  }
}

}  // namespace penstock
