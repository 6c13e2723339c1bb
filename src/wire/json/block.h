#pragma once

// Classifies 64 bytes of a JSON text, in three versions: for any processor, for those with SSE2
// (every x86-64) and for those with AVX2.
//
// Each version is a class that is constructed from the bytes. Bit i of a result stands for the i-th
// byte:
//
//   quotes(), backslashes()
//   controls()   bytes below the space
//   opens()      { and [
//   closes()     } and ]
//   beyond()     bytes beyond ASCII
//
// plain(): no quotes, backslashes or controls, as in most blocks of a long text. ascii(): nothing
// beyond ASCII.

#include <cstddef>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace penstock::wire {

constexpr std::size_t kJsonBlockBytes = 64;

// With this bit set, [ and ] become { and }, and no other byte does.
constexpr char kJsonFold = 0x20;

class JsonBlockPortable {
 public:
  explicit JsonBlockPortable(const char* bytes) : bytes_(bytes) {}

  std::uint64_t quotes() const {
    return where([](unsigned char byte) { return byte == '"'; });
  }
  std::uint64_t backslashes() const {
    return where([](unsigned char byte) { return byte == '\\'; });
  }
  std::uint64_t controls() const {
    return where([](unsigned char byte) { return byte < 0x20; });
  }
  std::uint64_t opens() const {
    return where([](unsigned char byte) { return (byte | kJsonFold) == '{'; });
  }
  std::uint64_t closes() const {
    return where([](unsigned char byte) { return (byte | kJsonFold) == '}'; });
  }
  std::uint64_t beyond() const {
    return where([](unsigned char byte) { return byte >= 0x80; });
  }
  bool plain() const { return (quotes() | backslashes() | controls()) == 0; }
  bool ascii() const { return beyond() == 0; }

 private:
  template <class Predicate>
  std::uint64_t where(Predicate holds) const {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < kJsonBlockBytes; ++i) {
      if (holds(static_cast<unsigned char>(bytes_[i]))) bits |= std::uint64_t{1} << i;
    }
    return bits;
  }

  const char* bytes_;
};

#if defined(__x86_64__)

class JsonBlockSse2 {
 public:
  explicit JsonBlockSse2(const char* bytes)
      : a_(bytes), b_(bytes + 16), c_(bytes + 32), d_(bytes + 48) {}

  std::uint64_t quotes() const { return bits(a_.quotes, b_.quotes, c_.quotes, d_.quotes); }
  std::uint64_t backslashes() const {
    return bits(a_.backslashes, b_.backslashes, c_.backslashes, d_.backslashes);
  }
  std::uint64_t controls() const {
    return bits(a_.controls, b_.controls, c_.controls, d_.controls);
  }
  std::uint64_t opens() const { return folded('{'); }
  std::uint64_t closes() const { return folded('}'); }
  std::uint64_t beyond() const { return bits(a_.bytes, b_.bytes, c_.bytes, d_.bytes); }
  bool plain() const {
    return _mm_movemask_epi8(a_.stops() | b_.stops() | c_.stops() | d_.stops()) == 0;
  }
  bool ascii() const { return _mm_movemask_epi8(a_.bytes | b_.bytes | c_.bytes | d_.bytes) == 0; }

 private:
  struct Quarter {
    explicit Quarter(const char* at)
        : bytes(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))),
          quotes(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'))),
          backslashes(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))),
          controls(_mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes)) {}

    __m128i stops() const { return quotes | backslashes | controls; }
    __m128i folded(char byte) const {
      return _mm_cmpeq_epi8(bytes | _mm_set1_epi8(kJsonFold), _mm_set1_epi8(byte));
    }

    __m128i bytes;
    __m128i quotes;
    __m128i backslashes;
    __m128i controls;
  };

  static std::uint64_t bits(__m128i a, __m128i b, __m128i c, __m128i d) {
    const auto low = static_cast<unsigned>(_mm_movemask_epi8(a) | _mm_movemask_epi8(b) << 16);
    const auto high = static_cast<unsigned>(_mm_movemask_epi8(c) | _mm_movemask_epi8(d) << 16);
    return low | std::uint64_t{high} << 32;
  }

  std::uint64_t folded(char byte) const {
    return bits(a_.folded(byte), b_.folded(byte), c_.folded(byte), d_.folded(byte));
  }

  Quarter a_;
  Quarter b_;
  Quarter c_;
  Quarter d_;
};

// Its functions are called only from functions compiled for AVX2, which inline them.
class JsonBlockAvx2 {
 public:
  [[gnu::target("avx2")]] explicit JsonBlockAvx2(const char* bytes) : a_(bytes), b_(bytes + 32) {}

  [[gnu::target("avx2")]] std::uint64_t quotes() const { return bits(a_.quotes, b_.quotes); }
  [[gnu::target("avx2")]] std::uint64_t backslashes() const {
    return bits(a_.backslashes, b_.backslashes);
  }
  [[gnu::target("avx2")]] std::uint64_t controls() const { return bits(a_.controls, b_.controls); }
  [[gnu::target("avx2")]] std::uint64_t opens() const { return folded('{'); }
  [[gnu::target("avx2")]] std::uint64_t closes() const { return folded('}'); }
  [[gnu::target("avx2")]] std::uint64_t beyond() const { return bits(a_.bytes, b_.bytes); }
  [[gnu::target("avx2")]] bool plain() const {
    const __m256i stops = a_.stops() | b_.stops();
    return _mm256_testz_si256(stops, stops) != 0;
  }
  [[gnu::target("avx2")]] bool ascii() const {
    return _mm256_movemask_epi8(a_.bytes | b_.bytes) == 0;
  }

 private:
  struct Half {
    [[gnu::target("avx2")]] explicit Half(const char* at)
        : bytes(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at))),
          quotes(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'))),
          backslashes(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'))),
          controls(_mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1F)), bytes)) {}

    [[gnu::target("avx2")]] __m256i stops() const { return quotes | backslashes | controls; }
    [[gnu::target("avx2")]] __m256i folded(char byte) const {
      return _mm256_cmpeq_epi8(bytes | _mm256_set1_epi8(kJsonFold), _mm256_set1_epi8(byte));
    }

    __m256i bytes;
    __m256i quotes;
    __m256i backslashes;
    __m256i controls;
  };

  [[gnu::target("avx2")]] static std::uint64_t bits(__m256i a, __m256i b) {
    const auto low = static_cast<unsigned>(_mm256_movemask_epi8(a));
    const auto high = static_cast<unsigned>(_mm256_movemask_epi8(b));
    return low | std::uint64_t{high} << 32;
  }

  [[gnu::target("avx2")]] std::uint64_t folded(char byte) const {
    return bits(a_.folded(byte), b_.folded(byte));
  }

  Half a_;
  Half b_;
};

#endif

}  // namespace penstock::wire
