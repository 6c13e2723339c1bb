#pragma once

// Writes one JSON object on one line into memory that is known to be large enough.
//
// Nothing is allocated and no end is checked: every value has a bound, so the caller reserves the
// sum of the bounds (kTextBytesMax and so on) and writes. Whatever a peer puts into a value, the
// line stays one valid JSON object (RFC 8259) of printable text: quotes, backslashes, control
// characters (C0, DEL, C1), line and paragraph separators and bidirectional controls are escaped,
// bytes that are not UTF-8 become U+FFFD, and long values are cut.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace penstock::telemetry {

class JsonLine {
 public:
  // A longer value is cut at a character boundary and ends in U+2026, 256 bytes in total.
  static constexpr std::size_t kValueBytesMax = 256;

  // The most that a member takes without its key, including quotes, comma and colon.
  static constexpr std::size_t kTextBytesMax = 6 * kValueBytesMax + 8;
  static constexpr std::size_t kNumberBytesMax = 32;

  // The line begins at `out`.
  explicit JsonLine(char* out) : out_(out) {}

  // Keys are literals of the program: they are not escaped, and the compiler knows their length.
  template <std::size_t Size>
  void text(const char (&name)[Size], std::string_view value) {
    key(name);
    text_value(value);
  }
  template <std::size_t Size>
  void number(const char (&name)[Size], std::uint64_t value) {
    key(name);
    digits(value);
  }
  // As milliseconds with three decimals; a negative duration as 0.
  template <std::size_t Size>
  void milliseconds(const char (&name)[Size], std::chrono::microseconds value) {
    key(name);
    milliseconds_value(value);
  }
  template <std::size_t Size>
  void boolean(const char (&name)[Size], bool value) {
    key(name);
    raw(value ? "true" : "false");
  }

  // Closes the object and the line. Returns the end of what was written.
  char* finish();

 private:
  template <std::size_t Size>
  void key(const char (&name)[Size]) {
    *out_++ = separator_;
    separator_ = ',';
    *out_++ = '"';
    std::memcpy(out_, name, Size - 1);
    out_ += Size - 1;
    *out_++ = '"';
    *out_++ = ':';
  }
  void text_value(std::string_view value);
  void milliseconds_value(std::chrono::microseconds value);
  void raw(std::string_view bytes) {
    std::memcpy(out_, bytes.data(), bytes.size());
    out_ += bytes.size();
  }
  void escaped(std::string_view value);
  std::size_t escaped_character(std::string_view rest);
  void unicode_escape(unsigned code_point);
  void digits(std::uint64_t value);

  char* out_;
  char separator_ = '{';
};

}  // namespace penstock::telemetry
