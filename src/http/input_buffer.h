#pragma once

// InputBuffer: what a client has sent and the server has not used yet.
//
// A head, and a short body after it, stay here while their request is served: consumed bytes remain
// readable, and in place, until release() or begin_next(). Uses one block of the thread's pool,
// borrowed while the buffer is not empty; a larger one for a head that needs it.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "http/scratch.h"

namespace penstock::http {

class InputBuffer {
 public:
  explicit InputBuffer(ScratchPool& scratch) : scratch_(scratch) {}

  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return end_ - begin_; }
  std::string_view unread() const { return {block_.data() + begin_, end_ - begin_}; }
  void consume(std::size_t bytes) { begin_ += bytes; }
  // The offset of the first unread byte in the block.
  std::size_t offset() const { return begin_; }

  // Where the next bytes go.
  std::span<char> room() { return {block_.data() + end_, block_.size() - end_}; }
  void received(std::size_t bytes) { end_ += bytes; }
  // Whether `bytes` bytes, from the first unread one on, fit without moving it.
  bool has_place_for(std::uint64_t bytes) const { return begin_ + bytes <= block_.size(); }

  // Borrows a block, or moves the unread bytes to its front or to a larger block, to make room.
  // False if `bytes_max` bytes are already unread.
  bool make_room(std::size_t bytes_max);

  // Keeps what followed a body, for the next request. The current head stays in place.
  void keep_for_next(std::string_view bytes) { next_.assign(bytes); }
  // The request has ended.
  void begin_next();

  // Returns the block if nothing in it is unread.
  void release();

 private:
  ScratchPool& scratch_;
  ScratchPool::Block block_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string next_;
};

}  // namespace penstock::http
