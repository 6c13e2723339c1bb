#pragma once

// Counts what the current thread allocates with operator new. Include it in exactly one source of a
// test program: it replaces the global operators. Sanitizers replace them too, so tests that count
// are skipped under them.

#include <cstddef>
#include <cstdlib>
#include <new>

namespace penstock::test {

#ifdef PENSTOCK_SANITIZED
inline constexpr bool kCountsAllocations = false;
#else
inline constexpr bool kCountsAllocations = true;
#endif

inline thread_local std::size_t allocation_count = 0;

// The allocations of this thread while `work` runs.
template <class Work>
std::size_t allocations_of(Work work) {
  const std::size_t before = allocation_count;
  work();
  return allocation_count - before;
}

inline void* counted_allocation(std::size_t size, std::size_t alignment) {
  ++allocation_count;
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  if (void* memory = std::aligned_alloc(alignment, rounded > 0 ? rounded : alignment)) {
    return memory;
  }
  throw std::bad_alloc();
}

}  // namespace penstock::test

#ifndef PENSTOCK_SANITIZED

// Not inlined: seeing `new` beside it, the compiler would take free() for a mistake.

[[gnu::noinline]] void* operator new(std::size_t size) {
  return penstock::test::counted_allocation(size, alignof(std::max_align_t));
}
[[gnu::noinline]] void* operator new[](std::size_t size) {
  return penstock::test::counted_allocation(size, alignof(std::max_align_t));
}
[[gnu::noinline]] void* operator new(std::size_t size, std::align_val_t alignment) {
  return penstock::test::counted_allocation(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new[](std::size_t size, std::align_val_t alignment) {
  return penstock::test::counted_allocation(size, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

#endif
