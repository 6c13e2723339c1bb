#pragma once

// Finds the structural bytes of a JSON text, 64 at a time: the quotes around strings, and outside
// strings { } [ ] : and comma. Everything between them can be skipped.
//
// The work on a block has no branch except for backslashes, and finding a token does not depend on
// what was done with the one before; that makes it several times faster than searching from quote
// to quote (this is simdjson's first stage; Langdale and Lemire, "Parsing Gigabytes of JSON per
// Second", section 3.1).

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "wire/json/bits.h"

namespace penstock::wire {

class JsonTokens {
 public:
  static constexpr std::size_t kBlockBytes = 64;

  // Bit i: such a token is at the i-th byte.
  struct Tokens {
    std::uint64_t quotes;
    std::uint64_t brackets;
    std::uint64_t separators;  // : and comma
  };

  // Takes the next `size` bytes of the text, 1 to kBlockBytes of them.
  Tokens next(const char* text, std::size_t size) {
    if (size == kBlockBytes) return next_block(text, size);
    char block[kBlockBytes] = {};
    std::memcpy(block, text, size);
    return next_block(block, size);
  }

  // Whether the bytes of the last next() had a backslash, or began after one.
  bool escapes() const { return escapes_; }

  // The text has a line feed here that is not fed: no token, and no escape continues after it.
  void line_break() { escapes_before_.reset(); }

  void reset() { *this = JsonTokens(); }

 private:
  // Bit i of each describes the block's byte i.
  struct Classes {
    std::uint64_t quotes = 0;
    std::uint64_t backslashes = 0;
    std::uint64_t brackets = 0;
    std::uint64_t separators = 0;
  };

  static Classes classify(const char* block) {
    Classes classes;
#ifdef __SSE2__
    for (unsigned shift = 0; shift < kBlockBytes; shift += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + shift));
      const auto where = [&](const __m128i& equal) {
        return std::uint64_t{static_cast<unsigned>(_mm_movemask_epi8(equal))} << shift;
      };
      // With this bit set, [ and ] become { and }, and no other byte does.
      const __m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
      const __m128i brackets = _mm_or_si128(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{')),
                                            _mm_cmpeq_epi8(folded, _mm_set1_epi8('}')));
      const __m128i separators = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(':')),
                                              _mm_cmpeq_epi8(bytes, _mm_set1_epi8(',')));
      classes.quotes |= where(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
      classes.backslashes |= where(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
      classes.brackets |= where(brackets);
      classes.separators |= where(separators);
    }
#else
    for (std::size_t i = 0; i < kBlockBytes; ++i) {
      const char c = block[i];
      const std::uint64_t bit = std::uint64_t{1} << i;
      if (c == '"') classes.quotes |= bit;
      if (c == '\\') classes.backslashes |= bit;
      if (c == '{' || c == '}' || c == '[' || c == ']') classes.brackets |= bit;
      if (c == ':' || c == ',') classes.separators |= bit;
    }
#endif
    return classes;
  }

  Tokens next_block(const char* block, std::size_t size) {
    Classes classes = classify(block);
    escapes_ = classes.backslashes != 0 || escapes_before_.open();
    if (escapes_) {
      classes.quotes &= ~(size == kBlockBytes ? escapes_before_.next(classes.backslashes)
                                              : escapes_before_.next(classes.backslashes, size));
    }
    const std::uint64_t strings =
        parity_up_to(classes.quotes) ^ (in_string_ ? ~std::uint64_t{} : 0);
    in_string_ = (strings >> 63) != 0;
    return {classes.quotes, classes.brackets & ~strings, classes.separators & ~strings};
  }

  bool in_string_ = false;      // the text so far ends inside a string
  JsonEscapes escapes_before_;  // whether it ends with a backslash that escapes the next byte
  bool escapes_ = false;
};

}  // namespace penstock::wire
