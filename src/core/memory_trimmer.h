#pragma once

// MemoryTrimmer: returns the memory of a burst to the system.
//
// free() alone does not: glibc keeps free memory below memory in use, and after the first large
// block it keeps large ones too. Large blocks are therefore always mapped individually, and
// returned when they are freed. For the rest, a thread returns whole free pages some seconds after
// work began. It is a separate thread because walking an arena's free blocks holds the arena's lock
// for some milliseconds. An idle process does not wake.
//
// One instance per process. Does nothing if the allocator is not glibc's.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace penstock {

class MemoryTrimmer {
 public:
  static constexpr std::chrono::milliseconds kPatience{3000};

  MemoryTrimmer();
  ~MemoryTrimmer();
  MemoryTrimmer(const MemoryTrimmer&) = delete;
  MemoryTrimmer& operator=(const MemoryTrimmer&) = delete;

  // Memory has been or is about to be freed. Callable from any thread; the cost is reading a flag.
  void note_work() {
    if (!work_.load(std::memory_order_relaxed)) wake();
  }

 private:
  [[gnu::cold]] void wake();
  void run();

  std::atomic<bool> work_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace penstock
