#pragma once

// What the positions of quotes and backslashes in 64 bytes of a JSON text say about the bytes
// between them, without a branch (Langdale and Lemire, "Parsing Gigabytes of JSON per Second",
// section 3.1). Bit i of a word stands for the i-th byte.

#include <cstddef>
#include <cstdint>

namespace penstock::wire {

// Bit i of the result: whether an odd number of bits up to and including i is set. For quotes,
// these are the bytes inside strings, from the opening quote (included) to the closing one (not).
constexpr std::uint64_t parity_up_to(std::uint64_t bits) {
  bits ^= bits << 1;
  bits ^= bits << 2;
  bits ^= bits << 4;
  bits ^= bits << 8;
  bits ^= bits << 16;
  return bits ^ bits << 32;
}

// Which bytes a backslash escapes: a run of backslashes escapes what follows it if the run is odd.
class JsonEscapes {
 public:
  // Takes the next 64 bytes, and returns which of them are escaped.
  std::uint64_t next(std::uint64_t backslashes) {
    constexpr std::uint64_t kEvenBits = 0x5555'5555'5555'5555;
    // An escaped backslash begins no escape.
    backslashes &= ~open_;
    const std::uint64_t behind = backslashes << 1 | open_;
    // Adding a run's first bit to the run carries to the first bit after it. If the run begins at
    // an odd position and its length is odd, that bit is even, and vice versa.
    const std::uint64_t odd_starts = backslashes & ~kEvenBits & ~behind;
    std::uint64_t even_runs = 0;
    open_ = __builtin_add_overflow(odd_starts, backslashes, &even_runs) ? 1 : 0;
    return (kEvenBits ^ (even_runs << 1)) & behind;
  }

  // The same for the last `size` bytes before a break, 1 to 63; the bits beyond them are 0.
  std::uint64_t next(std::uint64_t backslashes, std::size_t size) {
    const std::uint64_t escaped = next(backslashes);
    open_ = escaped >> size & 1;
    return escaped;
  }

  // The next bytes have no backslash, or follow one that no longer escapes anything.
  void reset() { open_ = 0; }

  bool open() const { return open_ != 0; }  // the next byte is escaped

 private:
  std::uint64_t open_ = 0;  // 1 or 0
};

}  // namespace penstock::wire
