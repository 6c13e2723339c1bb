#pragma once

// MemoryTrimmer: gives the memory that a burst has taken back to the system.
//
// free() alone does not: glibc keeps what lies below memory in use, and after the first large
// block it keeps large ones too. So large blocks are mapped one by one, always, and go back as
// they are freed; of the rest, whole free pages go back some seconds after there was work to do. A
// thread of its own does that: the walk over the free blocks of an allocator's arena holds its lock
// for some milliseconds. An idle process does not wake.
//
// One a process. Does nothing where the allocator is another one.

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

  // Memory has been freed, or will be in a moment. By any thread; costs a look at a flag.
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
