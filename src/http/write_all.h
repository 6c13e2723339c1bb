#pragma once

// Writing a list of pieces to a stream, completely.

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include <sys/uio.h>

#include "net/stream.h"

namespace penstock::http {

// The pieces of one gathered write, in order. The bytes remain the caller's and must not change
// until they are written. Empty pieces are left out.
class Pieces {
 public:
  static constexpr std::size_t kMax = 8;

  void add(std::string_view piece) {
    if (piece.empty()) return;
    pieces_.at(count_++) = {const_cast<char*>(piece.data()), piece.size()};
    bytes_ += piece.size();
  }

  void add(const Pieces& others) {
    for (const iovec& piece : others.rest()) {
      add({static_cast<const char*>(piece.iov_base), piece.iov_len});
    }
  }

  bool empty() const { return first_ == count_; }
  std::size_t bytes() const { return bytes_; }
  std::span<const iovec> rest() const { return {pieces_.data() + first_, count_ - first_}; }

  // Removes `bytes` from the front.
  void consume(std::size_t bytes) {
    bytes_ -= bytes;
    while (bytes > 0) {
      iovec& piece = pieces_[first_];
      const std::size_t part = bytes < piece.iov_len ? bytes : piece.iov_len;
      piece.iov_base = static_cast<char*>(piece.iov_base) + part;
      piece.iov_len -= part;
      bytes -= part;
      if (piece.iov_len == 0) ++first_;
    }
  }

 private:
  std::array<iovec, kMax> pieces_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

// Writes what can be written now. kBytes: everything; kWouldBlock: `pieces` holds the rest.
inline net::Transfer::Kind write_some(net::Stream& stream, Pieces& pieces) {
  while (!pieces.empty()) {
    const net::Transfer transfer = stream.write(pieces.rest());
    if (transfer.kind != net::Transfer::Kind::kBytes) return transfer.kind;
    pieces.consume(transfer.bytes);
  }
  return net::Transfer::Kind::kBytes;
}

}  // namespace penstock::http
