#pragma once

// Writes one JSON object on one line (RFC 8259) into memory that is known to be large enough
// (telemetry/line_writer.h): the caller reserves the sum of kTextBytesMax and so on.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "telemetry/line_writer.h"

namespace penstock::telemetry {

class JsonLine : private LineWriter {
 public:
  using LineWriter::kValueBytesMax;

  // The most that a member takes without its key, including quotes, comma and colon.
  static constexpr std::size_t kTextBytesMax = kShownBytesMax + 8;
  static constexpr std::size_t kNumberBytesMax = 32;

  // The line begins at `out`.
  explicit JsonLine(char* out) : LineWriter(out) {}

  // Keys are literals of the program: they are not escaped, and the compiler knows their length.
  template <std::size_t Size>
  void text(const char (&name)[Size], std::string_view value) {
    key(name);
    byte('"');
    shown(value);
    byte('"');
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
    if (value) {
      literal("true");
    } else {
      literal("false");
    }
  }

  // Closes the object and the line. Returns the end of what was written.
  char* finish() {
    literal("}\n");
    return end();
  }

 private:
  template <std::size_t Size>
  void key(const char (&name)[Size]) {
    byte(separator_);
    separator_ = ',';
    byte('"');
    literal(name);
    literal("\":");
  }

  char separator_ = '{';
};

}  // namespace penstock::telemetry
