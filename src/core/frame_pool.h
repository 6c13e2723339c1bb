#pragma once

// Memory for coroutine frames, kept by the thread that freed it.
//
// A request starts and ends a handful of coroutines; their frames come in few sizes. Freed frames
// wait in lists by size class, so that the steady state allocates nothing. Each thread has lists
// of its own: a frame is freed on the thread that made it (a request never changes thread), and
// one freed elsewhere merely joins that thread's list. Frames over kPooledBytesMax and builds
// under AddressSanitizer use the heap directly, so that a use after the end is found.

#include <cstddef>

namespace penstock {

class FramePool {
 public:
  static constexpr std::size_t kPooledBytesMax = 4096;

  static void* allocate(std::size_t bytes);
  static void release(void* frame, std::size_t bytes) noexcept;
};

}  // namespace penstock
