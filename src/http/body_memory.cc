#include "http/body_memory.h"

#include <algorithm>
#include <new>

namespace penstock::http {
namespace {

constexpr std::size_t kFirstBytes = 16 * 1024;

}  // namespace

bool BodyMemory::make_room(std::size_t bytes) {
  if (capacity_ - size_ >= bytes) return true;
  const std::size_t grown = std::max({size_ + bytes, 2 * capacity_, kFirstBytes});
  if (!share_.take(grown - capacity_)) return false;
  auto* const moved = static_cast<char*>(std::realloc(memory_.get(), grown));
  if (moved == nullptr) throw std::bad_alloc();
  static_cast<void>(memory_.release());
  memory_.reset(moved);
  capacity_ = grown;
  return true;
}

void BodyMemory::release() {
  memory_.reset();
  size_ = 0;
  capacity_ = 0;
  share_.give_back();
}

Error body_too_large() {
  return Error::client(ErrorKind::kBodyTooLarge, "the request's body is too large")
      .at_limit(Limit::kBodyBytes);
}

Error no_memory_for_bodies() {
  return Error::gateway(ErrorKind::kOverloaded,
                        "the server has reached its limit for request bodies; retry later")
      .at_limit(Limit::kAllBodiesBytes);
}

}  // namespace penstock::http
