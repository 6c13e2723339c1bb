#include "telemetry/line_writer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/text.h"

namespace penstock::telemetry {
namespace {

constexpr std::string_view kCutMark = "\xE2\x80\xA6";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The length of the UTF-8 sequence at the front, or 0 if there is none. Not for ASCII.
std::size_t sequence_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  return text.size() >= length && is_valid_utf8(text.substr(0, length)) ? length : 0;
}

unsigned code_point_of(std::string_view sequence) {
  const auto low_bits = [&](std::size_t i) { return static_cast<unsigned>(sequence[i]) & 0x3Fu; };
  const auto lead = static_cast<unsigned char>(sequence.front());
  if (sequence.size() == 2) return (lead & 0x1Fu) << 6 | low_bits(1);
  if (sequence.size() == 3) return (lead & 0x0Fu) << 12 | low_bits(1) << 6 | low_bits(2);
  return (lead & 0x07u) << 18 | low_bits(1) << 12 | low_bits(2) << 6 | low_bits(3);
}

// Characters that control a terminal or the reading order instead of being visible.
bool is_control(unsigned code_point) {
  return (code_point >= 0x80 && code_point <= 0x9F) ||      // C1, among them CSI
         (code_point >= 0x200E && code_point <= 0x200F) ||  // direction marks
         (code_point >= 0x2028 && code_point <= 0x202E) ||  // separators, embeddings, overrides
         (code_point >= 0x2066 && code_point <= 0x2069);    // isolates
}

// The part of `value` that is shown; never ends in the middle of a character.
std::string_view cut(std::string_view value) {
  std::size_t length = LineWriter::kValueBytesMax - kCutMark.size();
  for (int i = 0; i < 3 && (static_cast<unsigned char>(value[length]) & 0xC0) == 0x80; ++i) {
    --length;
  }
  return value.substr(0, length);
}

}  // namespace

void LineWriter::unicode_escape(unsigned code_point) {
  constexpr char kHexDigits[] = "0123456789abcdef";
  raw("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) *out_++ = kHexDigits[code_point >> shift & 15];
}

// Writes the first character of `rest`, which is not plain, and returns its length.
std::size_t LineWriter::escaped_character(std::string_view rest) {
  const auto byte = static_cast<unsigned char>(rest.front());
  if (byte == '"' || byte == '\\') {
    *out_++ = '\\';
    *out_++ = rest.front();
    return 1;
  }
  if (byte < 0x80) {
    unicode_escape(byte);
    return 1;
  }
  const std::size_t length = sequence_length(rest);
  if (length == 0) {
    raw(kReplacement);
    return 1;
  }
  const std::string_view sequence = rest.substr(0, length);
  const unsigned code_point = code_point_of(sequence);
  if (is_control(code_point)) {
    unicode_escape(code_point);
  } else {
    raw(sequence);
  }
  return length;
}

void LineWriter::escaped(std::string_view value) {
  while (!value.empty()) {
    const std::size_t plain = plain_json_bytes(value);
    raw(value.substr(0, plain));
    value.remove_prefix(plain);
    if (!value.empty()) value.remove_prefix(escaped_character(value));
  }
}

void LineWriter::shown(std::string_view value) {
  if (value.size() <= kValueBytesMax) {
    escaped(value);
  } else {
    escaped(cut(value));
    raw(kCutMark);
  }
}

void LineWriter::digits(std::uint64_t value) {
  // The type has at most 20 digits.
  out_ = std::to_chars(out_, out_ + 20, value).ptr;
}

void LineWriter::milliseconds_value(std::chrono::microseconds value) {
  const auto microseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(value.count(), 0));
  digits(microseconds / 1000);
  const auto fraction = static_cast<unsigned>(microseconds % 1000);
  *out_++ = '.';
  *out_++ = static_cast<char>('0' + fraction / 100);
  *out_++ = static_cast<char>('0' + fraction / 10 % 10);
  *out_++ = static_cast<char>('0' + fraction % 10);
}

}  // namespace penstock::telemetry
