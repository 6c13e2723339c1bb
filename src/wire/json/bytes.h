#pragma once

// Searching bytes, sixteen at a time if the processor can (SSE2, which every x86-64 has), else one
// at a time. Nothing outside [at, end) is read.

#include <bit>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace penstock::wire {

// The first of kBytes in [at, end), or `end`.
template <char... kBytes>
inline const char* find_any(const char* at, const char* end) {
#ifdef __SSE2__
  while (end - at >= 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i hits = (_mm_cmpeq_epi8(block, _mm_set1_epi8(kBytes)) | ...);
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(hits));
    if (mask != 0) return at + std::countr_zero(mask);
    at += 16;
  }
#endif
  while (at != end && ((*at != kBytes) && ...)) ++at;
  return at;
}

// White space between JSON tokens (RFC 8259 section 2).
constexpr bool is_json_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

inline const char* skip_json_space(const char* at, const char* end) {
  while (at != end && is_json_space(*at)) ++at;
  return at;
}

}  // namespace penstock::wire
