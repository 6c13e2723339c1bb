#include "http/scratch.h"

#include <utility>

namespace penstock::http {

ScratchPool::Block::Block(Block&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      bytes_(std::move(other.bytes_)),
      size_(std::exchange(other.size_, 0)) {}

ScratchPool::Block& ScratchPool::Block::operator=(Block&& other) noexcept {
  if (this != &other) {
    give_back();
    pool_ = std::exchange(other.pool_, nullptr);
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

void ScratchPool::Block::give_back() {
  if (bytes_ == nullptr) return;
  if (size_ == kBlockBytes && pool_->blocks_.size() < kBlocksKept) {
    pool_->blocks_.push_back(std::move(bytes_));
  }
  bytes_.reset();
  size_ = 0;
}

ScratchPool::Block ScratchPool::block() {
  if (blocks_.empty()) return large_block(kBlockBytes);
  std::unique_ptr<char[]> bytes = std::move(blocks_.back());
  blocks_.pop_back();
  return Block(*this, std::move(bytes), kBlockBytes);
}

ScratchPool::Block ScratchPool::large_block(std::size_t bytes) {
  return Block(*this, std::make_unique_for_overwrite<char[]>(bytes), bytes);
}

std::string ScratchPool::take_text() {
  if (texts_.empty()) return {};
  std::string text = std::move(texts_.back());
  texts_.pop_back();
  return text;
}

void ScratchPool::keep_text(std::string text) {
  if (texts_.size() >= kTextsKept || text.capacity() > kTextBytesKept) return;
  text.clear();
  texts_.push_back(std::move(text));
}

}  // namespace penstock::http
