// A library to preload: counts what a program allocates, where another program can read it.
//
// The count is the first eight bytes of the file that ALLOCATION_COUNT_FILE names, which must exist
// and be at least as long. Each call of the C library's allocator that may return new memory counts
// as one; operator new calls malloc.

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

// The C library's own allocator, by the names that a replacement can call.
extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
}

namespace {

using Count = std::atomic<std::uint64_t>;

Count unshared{0};
std::atomic<Count*> count{&unshared};

[[gnu::constructor]] void share_count() {
  const char* const path = std::getenv("ALLOCATION_COUNT_FILE");
  if (path == nullptr) return;
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) return;
  void* const page = mmap(nullptr, sizeof(Count), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (page != MAP_FAILED) count = static_cast<Count*>(page);
}

void add_one() {
  count.load(std::memory_order_relaxed)->fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

extern "C" {

void* malloc(std::size_t bytes) {
  add_one();
  return __libc_malloc(bytes);
}

void* calloc(std::size_t number, std::size_t bytes) {
  add_one();
  return __libc_calloc(number, bytes);
}

void* realloc(void* memory, std::size_t bytes) {
  add_one();
  return __libc_realloc(memory, bytes);
}

void* memalign(std::size_t alignment, std::size_t bytes) {
  add_one();
  return __libc_memalign(alignment, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  add_one();
  return __libc_memalign(alignment, bytes);
}

int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  add_one();
  *memory = __libc_memalign(alignment, bytes);
  return *memory != nullptr || bytes == 0 ? 0 : ENOMEM;
}

}  // extern "C"
