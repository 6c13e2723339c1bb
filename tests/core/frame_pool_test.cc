#include "core/frame_pool.h"

#include <cstring>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(FramePool, GivesMemoryThatNobodyElseHas) {
  std::vector<std::pair<char*, std::size_t>> frames;
  for (int round = 0; round < 2; ++round) {
    for (std::size_t bytes = 1; bytes <= FramePool::kPooledBytesMax + 200; bytes += 37) {
      auto* const frame = static_cast<char*>(FramePool::allocate(bytes));
      std::memset(frame, static_cast<int>(bytes % 251), bytes);
      frames.emplace_back(frame, bytes);
    }
    for (const auto& [frame, bytes] : frames) {
      for (std::size_t i = 0; i < bytes; ++i) {
        ASSERT_EQ(static_cast<unsigned char>(frame[i]), bytes % 251) << bytes;
      }
      FramePool::release(frame, bytes);
    }
    frames.clear();
  }
}

TEST(FramePool, TakesMoreFramesBackThanItKeeps) {
  std::vector<void*> frames;
  for (int i = 0; i < 2'000; ++i) frames.push_back(FramePool::allocate(100));
  for (void* const frame : frames) FramePool::release(frame, 100);
}

TEST(FramePool, TakesAFrameOfAnotherThread) {
  void* frame = nullptr;
  std::thread([&] { frame = FramePool::allocate(100); }).join();
  FramePool::release(frame, 100);
}

// Destroyed after the thread's pool if it was created before it.
struct Late {
  ~Late() {
    if (frame == nullptr) return;
    FramePool::release(frame, 64);
    for (int i = 0; i < 2; ++i) {
      auto* const again = static_cast<char*>(FramePool::allocate(64));
      std::memset(again, 1, 64);
      FramePool::release(again, 64);
    }
  }
  void* frame = nullptr;
};

TEST(FramePool, ServesObjectsThatOutliveItsListsAtTheEndOfAThread) {
  // A frame that is freed twice, or used after it was freed, makes the heap end the program.
  std::thread([] {
    thread_local Late late;
    late.frame = FramePool::allocate(64);
    for (int i = 0; i < 3; ++i) FramePool::release(FramePool::allocate(64), 64);
  }).join();
}

}  // namespace
}  // namespace penstock
