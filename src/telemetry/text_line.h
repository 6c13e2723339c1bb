#pragma once

// Writes one line of the access log for people (telemetry/line_writer.h): fields with spaces
// between them, in colours if the terminal has them.
//
//   2026-01-31T23:59:59.123Z 200 POST /v1/chat/completions main/m1 812.345 ms req-1

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "telemetry/line_writer.h"

namespace penstock::telemetry {

class TextLine : private LineWriter {
 public:
  enum class Colours : bool { kNo, kYes };
  enum class Colour : std::uint8_t { kNone, kDim, kGreen, kYellow, kRed };

  // The most that a field takes, with its space and colour.
  static constexpr std::size_t kFieldBytesMax = kShownBytesMax + 16;

  // The line begins at `out`.
  TextLine(char* out, Colours colours) : LineWriter(out), colours_(colours) {}

  // A field of the peers' bytes. Nothing is written for an empty one.
  void field(std::string_view value, Colour colour = Colour::kNone);
  void number(std::uint64_t value, Colour colour = Colour::kNone);
  // `812.345 ms`
  void milliseconds(std::chrono::microseconds value);
  // A word of the program, which the next one follows after a space.
  void word(std::string_view text, Colour colour = Colour::kNone);
  // Continues the field before.
  void joined(std::string_view text) { raw(text); }
  void joined_number(std::uint64_t value) { digits(value); }
  void joined_field(std::string_view value) { shown(value); }

  // Ends the line. Returns the end of what was written.
  char* finish() {
    byte('\n');
    return end();
  }

 private:
  void begin(Colour colour);
  void end_colour(Colour colour);

  const Colours colours_;
  bool is_first_ = true;
};

}  // namespace penstock::telemetry
