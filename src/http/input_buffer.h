#pragma once

// InputBuffer: what a client has sent and the server has not used yet.
//
// A head, and a short body behind it, lie here while their request is served: what is consumed
// stays readable, and in its place, until release() or begin_next(). One block of the thread's
// pool, borrowed while there is something in it; a larger one for a head that needs it.

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
  // How far into the block the first unread byte is.
  std::size_t offset() const { return begin_; }

  // Where the next bytes go.
  std::span<char> room() { return {block_.data() + end_, block_.size() - end_}; }
  void received(std::size_t bytes) { end_ += bytes; }
  // Whether `bytes` bytes, from the first unread one on, have room without being moved.
  bool has_place_for(std::uint64_t bytes) const { return begin_ + bytes <= block_.size(); }

  // Borrows a block, moves what is unread to its front, or to a larger block, so that there is
  // room. False where `bytes_max` bytes are unread already.
  bool make_room(std::size_t bytes_max);

  // What came behind a body and belongs to the next request. The head of this one stays in place.
  void keep_for_next(std::string_view bytes) { next_.assign(bytes); }
  // The request is over.
  void begin_next();

  // Gives the block back where nothing unread lies in it.
  void release();

 private:
  ScratchPool& scratch_;
  ScratchPool::Block block_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string next_;
};

}  // namespace penstock::http
