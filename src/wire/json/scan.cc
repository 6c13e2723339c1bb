#include "wire/json/scan.h"

#include <bit>
#include <cstddef>
#include <cstring>

#include "wire/json/bits.h"
#include "wire/json/block.h"

namespace penstock::wire {
namespace {

// The bytes of a block from `at` on, or a copy of the last `size` of the text padded with spaces.
class Window {
 public:
  Window(const char* at, std::size_t size) : bytes_(at) {
    if (size >= kJsonBlockBytes) return;
    std::memset(copy_, ' ', kJsonBlockBytes);
    std::memcpy(copy_, at, size);
    bytes_ = copy_;
  }

  const char* bytes() const { return bytes_; }

 private:
  const char* bytes_;
  char copy_[kJsonBlockBytes];
};

// All bits if `bit` is 0.
std::uint64_t bits_below(std::uint64_t bit) {
  return bit - 1;
}

std::uint64_t lowest(std::uint64_t bits) {
  return bits & -bits;
}

// The scans are written once and compiled for each set of instructions: each function for one set
// inlines them completely.

template <class Block>
[[gnu::always_inline]] inline JsonScan scan_string(const char* opened, const char* end) {
  const auto size = static_cast<std::size_t>(end - opened);
  JsonEscapes escapes;
  bool escaped = false;
  bool ascii = true;
  for (std::size_t done = 1; done < size; done += kJsonBlockBytes) {
    const Window window(opened + done, size - done);
    const Block block(window.bytes());
    ascii = ascii && block.ascii();
    if (block.plain()) {
      escapes.reset();
      continue;
    }
    const std::uint64_t backslashes = block.backslashes();
    const std::uint64_t quotes = block.quotes() & ~escapes.next(backslashes);
    // A control character cannot be escaped.
    const std::uint64_t ends = quotes | block.controls();
    escaped = escaped || (backslashes & bits_below(lowest(ends))) != 0;
    if (ends == 0) continue;
    const char* const at = opened + done + std::countr_zero(ends);
    if (*at != '"') return {.at = at, .fault = JsonFault::kControlCharacter};
    return {.at = at + 1, .escaped = escaped, .ascii = ascii};
  }
  return {.at = opened, .fault = JsonFault::kOpenString};
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

// `at` is after the backslash.
bool is_escape(const char* at, const char* end) {
  switch (*at) {
    case 'n':
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'r':
    case 't':
      return true;
    case 'u':
      return end - at > 4 && is_hex(at[1]) && is_hex(at[2]) && is_hex(at[3]) && is_hex(at[4]);
    default:
      return false;
  }
}

template <class Block>
[[gnu::always_inline]] inline JsonStringScan scan_part(const char* at, const char* end,
                                                       JsonEscapes& escapes, std::size_t& work) {
  bool escaped = false;
  bool ascii = true;
  for (; at < end; at += kJsonBlockBytes) {
    if (work == 0) return {at, JsonStringOutcome::kPaused, escaped, ascii};
    --work;
    const Window window(at, static_cast<std::size_t>(end - at));
    const Block block(window.bytes());
    ascii = ascii && block.ascii();
    if (block.plain() && !escapes.open()) continue;
    const std::uint64_t backslashes = block.backslashes();
    const std::uint64_t after_backslash = escapes.next(backslashes);
    const std::uint64_t ends = (block.quotes() & ~after_backslash) | block.controls();
    const std::uint64_t inside = bits_below(lowest(ends));
    escaped = escaped || (backslashes & inside) != 0;
    for (std::uint64_t left = after_backslash & inside; left != 0; left &= left - 1) {
      const char* const character = at + std::countr_zero(left);
      if (character >= end) break;
      if (!is_escape(character, end)) {
        return {character - 1, JsonStringOutcome::kBrokenEscape, escaped, ascii};
      }
      if (work > 0) --work;
    }
    if (ends == 0) continue;
    const char* const last = at + std::countr_zero(ends);
    if (*last != '"') return {last, JsonStringOutcome::kControlCharacter, escaped, ascii};
    return {last + 1, JsonStringOutcome::kClosed, escaped, ascii};
  }
  return {end, JsonStringOutcome::kOpen, escaped, ascii};
}

// Where the unterminated string begins, in a text that ends inside one.
const char* open_string(const char* at, const char* end) {
  const char* opened = nullptr;
  for (; at < end; ++at) {
    if (*at == '\\') {
      ++at;
    } else if (*at == '"') {
      opened = opened == nullptr ? at : nullptr;
    }
  }
  return opened;
}

// The closing bracket at which `depth` reaches zero, or 0 and the block's brackets change `depth`.
[[gnu::always_inline]] inline std::uint64_t last_bracket(std::uint64_t opens, std::uint64_t closes,
                                                         std::size_t& depth) {
  const auto count = [](std::uint64_t bits) {
    return static_cast<std::size_t>(std::popcount(bits));
  };
  const std::size_t closing = count(closes);
  if (closing >= depth) {
    std::size_t closed = 0;
    for (std::uint64_t left = closes; left != 0; left &= left - 1) {
      const std::uint64_t bit = lowest(left);
      ++closed;
      if (depth + count(opens & bits_below(bit)) == closed) return bit;
    }
  }
  depth += count(opens) - closing;
  return 0;
}

template <class Block>
[[gnu::always_inline]] inline JsonScan scan_nested(const char* opened, const char* end) {
  const auto size = static_cast<std::size_t>(end - opened);
  JsonEscapes escapes;
  bool ascii = true;
  std::uint64_t inside = 0;  // all bits are set if the text so far ends inside a string
  std::size_t depth = 0;
  for (std::size_t done = 0; done < size; done += kJsonBlockBytes) {
    const Window window(opened + done, size - done);
    const Block block(window.bytes());
    ascii = ascii && block.ascii();
    if (inside != 0 && block.plain()) {
      escapes.reset();
      continue;
    }
    const std::uint64_t quotes = block.quotes() & ~escapes.next(block.backslashes());
    // All of it is inside one string, including escapes.
    if (inside != 0 && (quotes | block.controls()) == 0) continue;
    const std::uint64_t strings = parity_up_to(quotes) ^ inside;
    inside = (strings >> 63) != 0 ? ~std::uint64_t{} : 0;
    const std::uint64_t end_bit =
        last_bracket(block.opens() & ~strings, block.closes() & ~strings, depth);
    const std::uint64_t controls = block.controls() & strings;
    const std::uint64_t faults = controls | (block.beyond() & ~strings);
    // What follows the end is not checked.
    if ((faults & bits_below(end_bit)) != 0) [[unlikely]] {
      const bool control = (controls & lowest(faults)) != 0;
      return {.at = opened + done + std::countr_zero(faults),
              .fault = control ? JsonFault::kControlCharacter : JsonFault::kForeignByte};
    }
    if (end_bit != 0) {
      return {.at = opened + done + std::countr_zero(end_bit) + 1, .ascii = ascii};
    }
  }
  if (inside != 0) return {.at = open_string(opened, end), .fault = JsonFault::kOpenString};
  return {.at = opened, .fault = JsonFault::kOpenNested};
}

template <class Block>
[[gnu::always_inline]] inline JsonScan scan(const char* at, const char* end) {
  return *at == '"' ? scan_string<Block>(at, end) : scan_nested<Block>(at, end);
}

#if defined(__x86_64__)
[[gnu::target("avx2,bmi,popcnt")]] JsonScan scan_avx2(const char* at, const char* end) {
  return scan<JsonBlockAvx2>(at, end);
}
[[gnu::target("avx2,bmi,popcnt")]] JsonStringScan scan_part_avx2(const char* at, const char* end,
                                                                 JsonEscapes& escapes,
                                                                 std::size_t& work) {
  return scan_part<JsonBlockAvx2>(at, end, escapes, work);
}
#endif

}  // namespace

bool has(JsonInstructions instructions) {
#if defined(__x86_64__)
  return instructions != JsonInstructions::kAvx2 ||
         (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
          __builtin_cpu_supports("popcnt"));
#else
  return instructions == JsonInstructions::kPortable;
#endif
}

JsonInstructions json_instructions() {
#if defined(__x86_64__)
  return has(JsonInstructions::kAvx2) ? JsonInstructions::kAvx2 : JsonInstructions::kSse2;
#else
  return JsonInstructions::kPortable;
#endif
}

JsonScan scan_json(const char* at, const char* end,
                   [[maybe_unused]] JsonInstructions instructions) {
#if defined(__x86_64__)
  if (instructions == JsonInstructions::kAvx2) return scan_avx2(at, end);
  if (instructions == JsonInstructions::kSse2) return scan<JsonBlockSse2>(at, end);
#endif
  return scan<JsonBlockPortable>(at, end);
}

JsonStringScan scan_json_string(const char* at, const char* end, JsonEscapes& escapes,
                                std::size_t& work, [[maybe_unused]] JsonInstructions instructions) {
#if defined(__x86_64__)
  if (instructions == JsonInstructions::kAvx2) return scan_part_avx2(at, end, escapes, work);
  if (instructions == JsonInstructions::kSse2) {
    return scan_part<JsonBlockSse2>(at, end, escapes, work);
  }
#endif
  return scan_part<JsonBlockPortable>(at, end, escapes, work);
}

}  // namespace penstock::wire
