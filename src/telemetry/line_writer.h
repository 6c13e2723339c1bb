#pragma once

// What the lines of the access log have in common: values in memory that is known to be large
// enough.
//
// Nothing is allocated and no end is checked: every value has a bound, so the caller reserves the
// sum of the bounds and writes. Whatever a peer puts into a value, a line stays one line of
// printable text: quotes, backslashes, control characters (C0, DEL, C1), line and paragraph
// separators and bidirectional controls are escaped, bytes that are not UTF-8 become U+FFFD, and
// long values are cut.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace penstock::telemetry {

class LineWriter {
 public:
  // A longer value is cut at a character boundary and ends in U+2026, 256 bytes in total.
  static constexpr std::size_t kValueBytesMax = 256;
  // The most that a value takes, escaped.
  static constexpr std::size_t kShownBytesMax = 6 * kValueBytesMax;

 protected:
  // The line begins at `out`.
  explicit LineWriter(char* out) : out_(out) {}

  void byte(char c) { *out_++ = c; }
  // Of the program: the compiler knows its length.
  template <std::size_t Size>
  void literal(const char (&text)[Size]) {
    std::memcpy(out_, text, Size - 1);
    out_ += Size - 1;
  }
  void raw(std::string_view bytes) {
    // An empty view may have no address, which memcpy() does not take.
    if (bytes.empty()) return;
    std::memcpy(out_, bytes.data(), bytes.size());
    out_ += bytes.size();
  }
  // Escaped, and cut.
  void shown(std::string_view value);
  void digits(std::uint64_t value);
  // With three decimals; a negative duration as 0.
  void milliseconds_value(std::chrono::microseconds value);

  char* end() const { return out_; }

 private:
  void escaped(std::string_view value);
  std::size_t escaped_character(std::string_view rest);
  void unicode_escape(unsigned code_point);

  char* out_;
};

}  // namespace penstock::telemetry
