#include "wire/json/check.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "core/text.h"
#include "wire/json/bytes.h"
#include "wire/json/key.h"

namespace penstock::wire {
namespace {

// Longer numbers are useless to a service, and would have to be read in one go.
constexpr std::size_t kNumberBytesMax = 4096;

// So many bytes are checked for UTF-8 for each unit of work.
constexpr std::size_t kUtf8BytesPerWork = 8;
constexpr std::size_t kUtf8BytesMin = 64;

// How many of the eight bytes from `at` are digits, up to the first that is not. Without a branch,
// since the lengths of numbers are unpredictable.
std::size_t leading_digits(const char* at) {
  constexpr std::uint64_t kEach = 0x0101'0101'0101'0101;
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, sizeof bytes);
  bytes ^= kEach * '0';  // digits become 0 to 9
  const std::uint64_t others =
      (((bytes & kEach * 0x7F) + kEach * (0x80 - 10)) | bytes) & kEach * 0x80;
  return static_cast<std::size_t>(std::countr_zero(others)) / 8;
}

}  // namespace

JsonCheck::JsonCheck(std::string_view text, std::size_t depth, Path path,
                     JsonInstructions instructions)
    : begin_(text.data()),
      at_(begin_),
      end_(begin_ + text.size()),
      utf8_(begin_),
      instructions_(instructions),
      depth_max_(std::min(depth, kDepthMax)),
      path_(path),
      path_depth_(path.empty() ? 0 : path.size() + 1) {}

JsonCheck::Step JsonCheck::next(std::size_t& work) {
  for (;;) {
    if (in_string_) {
      const Step step = take_string(work);
      if (step != Step::kPaused || in_string_) return step;
      continue;
    }
    if (!skip_space(work)) return Step::kPaused;
    if (at_ == end_) return expect_ == Expect::kNothing ? Step::kEnd : fail_at_end();
    const Step step = take_token(work);
    if (step != Step::kPaused) return step;
    if (work == 0) return step;
  }
}

// False if the permitted work ends before the white space does.
bool JsonCheck::skip_space(std::size_t& work) {
  while (at_ != end_ && is_json_space(*at_)) {
    if (work == 0) return false;
    --work;
    ++at_;
  }
  return true;
}

// Each of these returns kPaused if the check simply continues.
JsonCheck::Step JsonCheck::take_token(std::size_t& work) {
  if (work > 0) --work;
  const char token = *at_;
  switch (expect_) {
    case Expect::kObject:
      if (token != '{') return fail("it is not an object", at_);
      return open();
    case Expect::kFirstKey:
      if (token == '}') return close();
      [[fallthrough]];
    case Expect::kKey:
      if (token != '"') return fail("a key is missing", at_);
      string_is_key_ = true;
      return open_string();
    case Expect::kColon:
      if (token != ':') return fail("a colon is missing", at_);
      ++at_;
      expect_ = Expect::kValue;
      return Step::kPaused;
    case Expect::kFirstElement:
      if (token == ']') return close();
      [[fallthrough]];
    case Expect::kValue:
      return take_value(work);
    case Expect::kSeparator:
      if (token == ',') {
        ++at_;
        expect_ = inside_array() ? Expect::kValue : Expect::kKey;
        return Step::kPaused;
      }
      if (token == (inside_array() ? ']' : '}')) return close();
      return fail(inside_array() ? "a comma or the end of the array is missing"
                                 : "a comma or the end of the object is missing",
                  at_);
    case Expect::kNothing:
      break;
  }
  return fail("something follows the object", at_);
}

JsonCheck::Step JsonCheck::take_value(std::size_t& work) {
  if (depth_ == 1) member_.value_begin = position();
  if (depth_ <= path_depth_ && at_path_end()) [[unlikely]]
    inner_.value_begin = position();
  switch (*at_) {
    case '"':
      string_is_key_ = false;
      return open_string();
    case '{':
    case '[':
      return open();
    case 't':
    case 'f':
    case 'n':
      return take_literal();
    default: {
      if (*at_ != '-' && !is_digit(*at_)) return fail("a value is missing", at_);
      if (depth_ > 1 && inside_array()) pass_numbers(work);
      const char* const number = at_;
      const Step step = take_number();
      work -= std::min(work, static_cast<std::size_t>(at_ - number));
      return step;
    }
  }
}

// Most strings are short, and are skipped at once.
JsonCheck::Step JsonCheck::open_string() {
  string_begin_ = at_;
  ++at_;
  if (pass_short_string()) return string_ends();
  in_string_ = true;
  return Step::kPaused;
}

// Skips a string of up to 15 bytes in which nothing needs checking. False if it is not one.
bool JsonCheck::pass_short_string() {
#ifdef __SSE2__
  constexpr std::ptrdiff_t kBytes = 16;
  if (end_ - at_ < kBytes) return false;
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at_));
  const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  // A signed comparison: bytes beyond ASCII compare below the space, too.
  const __m128i stops = quotes | _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')) |
                        _mm_cmplt_epi8(bytes, _mm_set1_epi8(' '));
  const auto first = static_cast<unsigned>(_mm_movemask_epi8(stops));
  if (first == 0 || at_[std::countr_zero(first)] != '"') return false;
  at_ += std::countr_zero(first) + 1;
  return true;
#else
  return false;
#endif
}

// Continues in the string that has been opened.
JsonCheck::Step JsonCheck::take_string(std::size_t& work) {
  const JsonStringScan scan = scan_json_string(at_, end_, escapes_, work, instructions_);
  ascii_ = ascii_ && scan.ascii;
  escaped_ = escaped_ || scan.escaped;
  switch (scan.outcome) {
    case JsonStringOutcome::kPaused:
      at_ = scan.at;
      return Step::kPaused;
    case JsonStringOutcome::kOpen:
      return fail("an unterminated string", string_begin_);
    case JsonStringOutcome::kControlCharacter:
      return fail("a string has an unescaped control character", scan.at);
    case JsonStringOutcome::kBrokenEscape:
      return fail("a string has an invalid escape", scan.at);
    case JsonStringOutcome::kClosed:
      break;
  }
  at_ = scan.at;
  in_string_ = false;
  escapes_.reset();
  return string_ends();
}

JsonCheck::Step JsonCheck::string_ends() {
  const bool escaped = std::exchange(escaped_, false);
  if (!string_is_key_) return value_ends();
  if (depth_ == 1) {
    member_.key = {string_begin_ + 1, static_cast<std::size_t>(at_ - string_begin_ - 2)};
    member_.key_is_escaped = escaped;
  }
  if (depth_ <= path_depth_) [[unlikely]]
    return end_key_on_path(escaped);
  return key_ends();
}

JsonCheck::Step JsonCheck::key_ends() {
  expect_ = Expect::kColon;
  // The usual next token, without another turn.
  if (at_ != end_ && *at_ == ':') {
    ++at_;
    expect_ = Expect::kValue;
  }
  return Step::kPaused;
}

// At a depth that the path reaches.
JsonCheck::Step JsonCheck::end_key_on_path(bool escaped) {
  const std::string_view key(string_begin_ + 1, static_cast<std::size_t>(at_ - string_begin_ - 2));
  if (at_path_end()) {
    inner_.key = key;
    inner_.key_is_escaped = escaped;
  } else if (depth_ == on_path_depth_) {
    key_is_on_path_ = is_json_key(key, escaped, path_[depth_ - 1]);
  }
  return key_ends();
}

// A container begins inside one that the path reaches.
void JsonCheck::open_on_path() {
  if (depth_ != on_path_depth_) return;
  if (depth_ > 0) {
    const bool is_next =
        path_[depth_ - 1].empty() ? inside_array() : !inside_array() && key_is_on_path_;
    if (!is_next) return;
  }
  on_path_depth_ = depth_ + 1;
}

// Skips the numbers of an array that have up to seven digits, with their commas: token ids, for
// example. Stops before any other value, and before the last one.
void JsonCheck::pass_numbers(std::size_t& work) {
  constexpr std::ptrdiff_t kBytes = 9;  // of a number, its comma, and a space
  if constexpr (std::endian::native != std::endian::little) return;
  const char* at = at_;
  while (work > 0 && end_ - at > kBytes) {
    const std::size_t digits = leading_digits(at);
    if (digits == 0 || digits > 7 || at[digits] != ',') break;
    if (*at == '0' && digits > 1) break;
    const char* const next = at + digits + 1 + (at[digits + 1] == ' ' ? 1 : 0);
    if (!is_digit(*next)) break;
    at = next;
    work -= std::min<std::size_t>(work, 4);
  }
  at_ = at;
}

JsonCheck::Step JsonCheck::take_number() {
  const char* at = at_;
  const char* const end = at_ + std::min(kNumberBytesMax, static_cast<std::size_t>(end_ - at_));
  const auto take_digits = [&] {
    const char* const digits = at;
    while (at != end && is_digit(*at)) ++at;
    return at != digits;
  };
  if (*at == '-') ++at;
  bool sound = true;
  if (at != end && *at == '0') {
    ++at;
  } else {
    sound = take_digits();
  }
  if (sound && at != end && *at == '.') {
    ++at;
    sound = take_digits();
  }
  if (sound && at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    sound = take_digits();
  }
  if (at == end && end != end_) return fail("a number is too long", at_);
  // What follows is checked as the next token, which a digit, letter or point is not.
  if (!sound || (at != end_ && is_digit(*at))) return fail("a number is malformed", at_);
  at_ = at;
  return value_ends();
}

JsonCheck::Step JsonCheck::take_literal() {
  const std::string_view rest(at_, static_cast<std::size_t>(end_ - at_));
  for (const std::string_view literal : {"true", "false", "null"}) {
    if (!rest.starts_with(literal)) continue;
    at_ += literal.size();
    return value_ends();
  }
  return fail("a literal is not true, false or null", at_);
}

JsonCheck::Step JsonCheck::open() {
  if (depth_ == depth_max_) {
    too_deep_ = true;
    return fail("arrays and objects are nested too deeply", at_);
  }
  if (depth_ < path_depth_) [[unlikely]]
    open_on_path();
  const bool is_array = *at_ == '[';
  const std::uint64_t bit = std::uint64_t{1} << (depth_ % 64);
  std::uint64_t& word = arrays_[depth_ / 64];
  word = is_array ? word | bit : word & ~bit;
  ++depth_;
  ++at_;
  expect_ = is_array ? Expect::kFirstElement : Expect::kFirstKey;
  return Step::kPaused;
}

JsonCheck::Step JsonCheck::close() {
  ++at_;
  --depth_;
  if (depth_ < path_depth_) [[unlikely]]
    on_path_depth_ = std::min(on_path_depth_, depth_);
  if (depth_ > 0) return value_ends();
  expect_ = Expect::kNothing;
  return Step::kPaused;
}

JsonCheck::Step JsonCheck::value_ends() {
  expect_ = Expect::kSeparator;
  if (depth_ == 1) {
    member_.value_end = position();
    return Step::kMember;
  }
  if (depth_ <= path_depth_ && at_path_end() && !inside_array()) [[unlikely]] {
    inner_.value_end = position();
    return Step::kInner;
  }
  // The usual next token, without another turn.
  if (at_ != end_ && *at_ == ',') {
    ++at_;
    expect_ = inside_array() ? Expect::kValue : Expect::kKey;
  }
  return Step::kPaused;
}

JsonCheck::Step JsonCheck::fail(std::string_view what, const char* at) {
  fault_ = what;
  at_ = at;
  return Step::kFault;
}

JsonCheck::Step JsonCheck::fail_at_end() {
  return fail(expect_ == Expect::kObject ? "it is empty" : "the object does not end", end_);
}

JsonCheck::Step JsonCheck::check_utf8(std::size_t& work) {
  if (ascii_) return Step::kEnd;
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  while (utf8_ != end_) {
    if (work == 0) return Step::kPaused;
    const auto left = static_cast<std::size_t>(end_ - utf8_);
    const std::size_t allowed = work > left ? left : work * kUtf8BytesPerWork;
    const std::size_t size = std::min(left, std::max(allowed, kUtf8BytesMin));
    // Not within a character, which has at most three continuation bytes.
    const char* cut = utf8_ + size;
    for (int i = 0; cut != end_ && i < 3 && continues(*cut); ++i) --cut;
    const std::string_view piece(utf8_, static_cast<std::size_t>(cut - utf8_));
    if (!simdjson::validate_utf8(piece.data(), piece.size())) {
      utf8_ += valid_utf8_bytes(piece);
      return Step::kFault;
    }
    utf8_ = cut;
    work -= std::min(work, std::max<std::size_t>(1, size / kUtf8BytesPerWork));
  }
  return Step::kEnd;
}

}  // namespace penstock::wire
