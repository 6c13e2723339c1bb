#include "http/input_buffer.h"

#include <cstring>
#include <utility>

namespace penstock::http {

bool InputBuffer::make_room(std::size_t bytes_max) {
  if (!block_) block_ = scratch_.block();
  if (end_ < block_.size()) return true;
  const std::size_t kept = size();
  if (begin_ > 0) {
    std::memmove(block_.data(), block_.data() + begin_, kept);
  } else {
    if (kept >= bytes_max) return false;
    // One byte more than allowed, so that a head that is too large is detected.
    ScratchPool::Block larger = scratch_.large_block(bytes_max + 1);
    std::memcpy(larger.data(), block_.data(), kept);
    block_ = std::move(larger);
  }
  begin_ = 0;
  end_ = kept;
  return end_ < block_.size();
}

void InputBuffer::begin_next() {
  if (next_.empty()) return;
  if (!block_) block_ = scratch_.block();
  std::memcpy(block_.data(), next_.data(), next_.size());
  begin_ = 0;
  end_ = next_.size();
  // Assigning an empty string would keep the memory.
  std::string().swap(next_);
}

void InputBuffer::release() {
  if (begin_ != end_) return;
  block_.give_back();
  begin_ = end_ = 0;
}

}  // namespace penstock::http
