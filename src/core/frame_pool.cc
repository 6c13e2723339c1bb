#include "core/frame_pool.h"

#include <array>
#include <new>
#include <utility>

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
// Per class and thread. Frames freed beyond it go to the heap, so that a burst of connections does
// not keep its memory forever.
constexpr std::size_t kKeptMax = 256;

struct FreeFrame {
  FreeFrame* next;
};

// Trivially destructible, so that frames may still be allocated and freed while the thread's other
// objects are destroyed; from then on the heap is used directly.
struct Lists {
  std::array<FreeFrame*, kClasses> first;
  std::array<std::size_t, kClasses> kept;
  std::size_t kept_max;  // 0 before the thread's first frame is freed, and after its end
  bool ended;
};

constinit thread_local Lists lists{};

// Frees the lists at the end of the thread.
struct Keeper {
  Keeper() = default;
  ~Keeper() {
    lists.kept_max = 0;
    lists.ended = true;
    for (FreeFrame*& list : lists.first) {
      while (list != nullptr) ::operator delete(std::exchange(list, list->next));
    }
  }
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  void open() const { lists.kept_max = kKeptMax; }
};

thread_local Keeper keeper;

std::size_t class_of(std::size_t bytes) {
  return (bytes - 1) / kClassBytes;
}

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
  if (lists.kept_max == 0 && !lists.ended) keeper.open();
  if (lists.kept[size_class] >= lists.kept_max) return ::operator delete(frame);
  auto* free_frame = static_cast<FreeFrame*>(frame);
  free_frame->next = lists.first[size_class];
  lists.first[size_class] = free_frame;
  ++lists.kept[size_class];
}

}  // namespace penstock
