#include "core/frame_pool.h"

#include <array>
#include <new>

namespace penstock {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kPooled = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool kPooled = false;
#else
constexpr bool kPooled = true;
#endif
#else
constexpr bool kPooled = true;
#endif

constexpr std::size_t kClassBytes = 64;
constexpr std::size_t kClasses = FramePool::kPooledBytesMax / kClassBytes;
// Per class and thread; what is freed beyond it goes back to the heap, so that a burst of
// connections does not keep its memory for ever.
constexpr std::size_t kKeptMax = 256;

struct FreeFrame {
  FreeFrame* next;
};

struct Lists {
  std::array<FreeFrame*, kClasses> first{};
  std::array<std::size_t, kClasses> kept{};

  ~Lists() {
    for (FreeFrame*& list : first) {
      while (list != nullptr) {
        FreeFrame* next = list->next;
        ::operator delete(list);
        list = next;
      }
    }
    kept.fill(kKeptMax);
  }
};

thread_local Lists lists;

std::size_t class_of(std::size_t bytes) { return (bytes - 1) / kClassBytes; }

}  // namespace

void* FramePool::allocate(std::size_t bytes) {
  if (!kPooled || bytes > kPooledBytesMax) return ::operator new(bytes);
  const std::size_t size_class = class_of(bytes);
  if (FreeFrame* frame = lists.first[size_class]; frame != nullptr) {
    lists.first[size_class] = frame->next;
    --lists.kept[size_class];
    return frame;
  }
  return ::operator new((size_class + 1) * kClassBytes);
}

void FramePool::release(void* frame, std::size_t bytes) noexcept {
  if (!kPooled || bytes > kPooledBytesMax) return ::operator delete(frame);
  const std::size_t size_class = class_of(bytes);
  if (lists.kept[size_class] >= kKeptMax) return ::operator delete(frame);
  auto* free_frame = static_cast<FreeFrame*>(frame);
  free_frame->next = lists.first[size_class];
  lists.first[size_class] = free_frame;
  ++lists.kept[size_class];
}

}  // namespace penstock
