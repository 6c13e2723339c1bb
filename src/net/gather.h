#pragma once

// Copying the pieces of a write together, when that is cheaper than passing them on separately.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include <sys/uio.h>

namespace penstock::net {

// Copies as much of the front of `pieces` as fits `into`. Returns the number of bytes.
inline std::size_t gather(std::span<const iovec> pieces, std::span<char> into) {
  std::size_t bytes = 0;
  for (const iovec& piece : pieces) {
    const std::size_t part = std::min(piece.iov_len, into.size() - bytes);
    std::memcpy(into.data() + bytes, piece.iov_base, part);
    bytes += part;
    if (bytes == into.size()) break;
  }
  return bytes;
}

}  // namespace penstock::net
