#pragma once

// Writes one JSON object in one line into memory that is known to be large enough.
//
// Nothing is allocated and nothing is checked against an end: every value has a bound, so the
// caller reserves the sum of the bounds (kTextBytesMax and so on) and writes. Whatever a peer puts
// into a value, the line stays one valid JSON object (RFC 8259) of printable text: quotes,
// backslashes, control characters (C0, DEL, C1), line and paragraph separators and bidirectional
// controls are escaped, bytes that are not UTF-8 become U+FFFD, and long values are cut.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace penstock::telemetry {

class JsonLine {
 public:
  // A longer value is cut at a character's border and ends in U+2026, 256 bytes in all.
  static constexpr std::size_t kValueBytesMax = 256;

  // What a member can take at most, its key aside: quotes, comma and colon included.
  static constexpr std::size_t kTextBytesMax = 6 * kValueBytesMax + 8;
  static constexpr std::size_t kNumberBytesMax = 32;

  // The line begins at `out`.
  explicit JsonLine(char* out) : out_(out) {}

  // Keys are literals of the program: they are not escaped.
  void text(std::string_view key, std::string_view value);
  void number(std::string_view key, std::uint64_t value);
  // As milliseconds with three decimals; a negative duration as 0.
  void milliseconds(std::string_view key, std::chrono::microseconds value);
  void boolean(std::string_view key, bool value);

  // Closes the object and the line. Gives the end of what was written.
  char* finish();

 private:
  void key(std::string_view name);
  void raw(std::string_view bytes);
  void escaped(std::string_view value);
  std::size_t escaped_character(std::string_view rest);
  void unicode_escape(unsigned code_point);
  void digits(std::uint64_t value);

  char* out_;
  char separator_ = '{';
};

}  // namespace penstock::telemetry
