#pragma once

// FramePool: memory for coroutine frames, reused by the thread that freed it.
//
// A request starts and ends a handful of coroutines; their frames have few sizes. Freed frames are
// kept in lists by size class, so that the steady state allocates nothing. Each thread has its own
// lists: a frame is freed on the thread that allocated it (a request never changes threads), and
// one freed elsewhere joins that thread's list. Frames over kPooledBytesMax and builds under
// AddressSanitizer use the heap directly, so that a use after free is found.

#include <cstddef>

namespace penstock {

class FramePool {
 public:
  static constexpr std::size_t kPooledBytesMax = 4096;

  static void* allocate(std::size_t bytes);
  static void release(void* frame, std::size_t bytes) noexcept;
};

}  // namespace penstock
