#include "telemetry/text_line.h"

namespace penstock::telemetry {
namespace {

// ECMA-48 section 8.3.117 (SGR).
std::string_view sequence_of(TextLine::Colour colour) {
  switch (colour) {
    case TextLine::Colour::kNone:
      return {};
    case TextLine::Colour::kDim:
      return "\x1b[2m";
    case TextLine::Colour::kGreen:
      return "\x1b[32m";
    case TextLine::Colour::kYellow:
      return "\x1b[33m";
    case TextLine::Colour::kRed:
      return "\x1b[31m";
  }
  return {};
}

}  // namespace

void TextLine::field(std::string_view value, Colour colour) {
  if (value.empty()) return;
  begin(colour);
  shown(value);
  end_colour(colour);
}

void TextLine::number(std::uint64_t value, Colour colour) {
  begin(colour);
  digits(value);
  end_colour(colour);
}

void TextLine::milliseconds(std::chrono::microseconds value) {
  begin(Colour::kNone);
  milliseconds_value(value);
  raw(" ms");
}

void TextLine::word(std::string_view text, Colour colour) {
  begin(colour);
  raw(text);
  end_colour(colour);
}

void TextLine::begin(Colour colour) {
  if (!is_first_) byte(' ');
  is_first_ = false;
  if (colours_ == Colours::kYes) raw(sequence_of(colour));
}

void TextLine::end_colour(Colour colour) {
  if (colours_ == Colours::kYes && colour != Colour::kNone) raw("\x1b[0m");
}

}  // namespace penstock::telemetry
