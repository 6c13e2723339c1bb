#pragma once

// Working memory that connections borrow while bytes are in flight.
//
// One pool per thread. A connection that waits for its peer holds no block; a stream between two
// events holds nothing at all. Returned memory is kept for the next borrower up to a bound, so that
// the steady state allocates nothing and a burst's memory returns to the system.

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace penstock::http {

class ScratchPool {
 public:
  static constexpr std::size_t kBlockBytes = 16 * 1024;

  // A block to read into. Views into it are valid until it is returned.
  class Block {
   public:
    Block() = default;
    Block(Block&& other) noexcept;
    Block& operator=(Block&& other) noexcept;
    ~Block() { give_back(); }

    explicit operator bool() const { return bytes_ != nullptr; }
    char* data() const { return bytes_.get(); }
    std::size_t size() const { return size_; }
    void give_back();

   private:
    friend class ScratchPool;
    Block(ScratchPool& pool, std::unique_ptr<char[]> bytes, std::size_t size)
        : pool_(&pool), bytes_(std::move(bytes)), size_(size) {}

    ScratchPool* pool_ = nullptr;
    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0;
  };

  // An empty string for building output, which reuses the memory of an earlier one.
  class Text {
   public:
    explicit Text(ScratchPool& pool) : pool_(pool), text_(pool.take_text()) {}
    Text(const Text&) = delete;
    Text& operator=(const Text&) = delete;
    ~Text() { pool_.keep_text(std::move(text_)); }

    std::string& operator*() { return text_; }
    std::string* operator->() { return &text_; }

   private:
    ScratchPool& pool_;
    std::string text_;
  };

  Block block();
  // A block of another size, for the rare larger head; not kept afterwards.
  Block large_block(std::size_t bytes);

 private:
  friend class FieldBlock;

  static constexpr std::size_t kBlocksKept = 64;
  static constexpr std::size_t kTextsKept = 64;
  static constexpr std::size_t kTextBytesKept = 64 * 1024;

  std::string take_text();
  void keep_text(std::string text);

  std::vector<std::unique_ptr<char[]>> blocks_;
  std::vector<std::string> texts_;
};

}  // namespace penstock::http
