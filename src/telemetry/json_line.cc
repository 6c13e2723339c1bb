#include "telemetry/json_line.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "core/text.h"

namespace penstock::telemetry {
namespace {

// What stands in a JSON string as it is: printable ASCII but for quote and backslash.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = 0x20; c < 0x7F; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

bool is_plain(char c) {
  return kPlain[static_cast<unsigned char>(c)];
}

constexpr std::string_view kCutMark = "\xE2\x80\xA6";
constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The length of the UTF-8 sequence at the front, or 0 where there is none. Not for ASCII.
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

// Characters that act on a terminal or on the order of what is read, instead of being seen.
bool is_control(unsigned code_point) {
  return (code_point >= 0x80 && code_point <= 0x9F) ||      // C1, among them CSI
         (code_point >= 0x200E && code_point <= 0x200F) ||  // direction marks
         (code_point >= 0x2028 && code_point <= 0x202E) ||  // separators, embeddings, overrides
         (code_point >= 0x2066 && code_point <= 0x2069);    // isolates
}

// The front of `value` that is shown. Steps back from the middle of a character.
std::string_view cut(std::string_view value) {
  std::size_t length = JsonLine::kValueBytesMax - kCutMark.size();
  for (int i = 0; i < 3 && (static_cast<unsigned char>(value[length]) & 0xC0) == 0x80; ++i) {
    --length;
  }
  return value.substr(0, length);
}

}  // namespace

void JsonLine::raw(std::string_view bytes) {
  std::memcpy(out_, bytes.data(), bytes.size());
  out_ += bytes.size();
}

void JsonLine::key(std::string_view name) {
  *out_++ = separator_;
  separator_ = ',';
  *out_++ = '"';
  raw(name);
  *out_++ = '"';
  *out_++ = ':';
}

void JsonLine::unicode_escape(unsigned code_point) {
  constexpr char kHexDigits[] = "0123456789abcdef";
  raw("\\u");
  for (int shift = 12; shift >= 0; shift -= 4) *out_++ = kHexDigits[code_point >> shift & 15];
}

// Writes the first character of `rest`, which is not plain, and gives its length.
std::size_t JsonLine::escaped_character(std::string_view rest) {
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

void JsonLine::escaped(std::string_view value) {
  while (!value.empty()) {
    std::size_t plain = 0;
    while (plain < value.size() && is_plain(value[plain])) ++plain;
    raw(value.substr(0, plain));
    value.remove_prefix(plain);
    if (!value.empty()) value.remove_prefix(escaped_character(value));
  }
}

void JsonLine::text(std::string_view name, std::string_view value) {
  key(name);
  *out_++ = '"';
  if (value.size() <= kValueBytesMax) {
    escaped(value);
  } else {
    escaped(cut(value));
    raw(kCutMark);
  }
  *out_++ = '"';
}

void JsonLine::digits(std::uint64_t value) {
  // 20 digits are the most that the type can take.
  out_ = std::to_chars(out_, out_ + 20, value).ptr;
}

void JsonLine::number(std::string_view name, std::uint64_t value) {
  key(name);
  digits(value);
}

void JsonLine::milliseconds(std::string_view name, std::chrono::microseconds value) {
  key(name);
  const auto microseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(value.count(), 0));
  digits(microseconds / 1000);
  const auto fraction = static_cast<unsigned>(microseconds % 1000);
  *out_++ = '.';
  *out_++ = static_cast<char>('0' + fraction / 100);
  *out_++ = static_cast<char>('0' + fraction / 10 % 10);
  *out_++ = static_cast<char>('0' + fraction % 10);
}

void JsonLine::boolean(std::string_view name, bool value) {
  key(name);
  raw(value ? "true" : "false");
}

char* JsonLine::finish() {
  raw("}\n");
  return out_;
}

}  // namespace penstock::telemetry
