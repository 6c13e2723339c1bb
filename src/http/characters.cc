#include "http/characters.h"

#include <bit>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace penstock::http {

const char* skip_value(const char* at, const char* end) {
#if defined(__SSE2__)
  const __m128i last_control = _mm_set1_epi8(0x1F);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i del = _mm_set1_epi8(0x7F);
  while (end - at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    // SSE2 has no unsigned comparison: min(x, 0x1F) == x says x <= 0x1F.
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    const __m128i refused = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), control),
                                         _mm_cmpeq_epi8(bytes, del));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(refused));
    if (mask != 0) return at + std::countr_zero(mask);
    at += 16;
  }
#endif
  return skip_class(kValueCharacter, at, end);
}

}  // namespace penstock::http
