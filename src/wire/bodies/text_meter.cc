#include "wire/bodies/text_meter.h"

#include <algorithm>
#include <array>

namespace penstock::wire {
namespace {

// What models write: in chat completions and completions, in Responses, in Messages.
constexpr std::array<std::string_view, 11> kNamesOfText = {
    "content",           "text",       "delta",        "arguments",
    "reasoning_content", "reasoning",  "partial_json", "thinking",
    "refusal",           "transcript", "input"};
constexpr std::string_view kDelta = "delta";

bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

}  // namespace

bool TextMeter::is_counted(std::string_view name) const {
  if (only_deltas_) return name == kDelta;
  return std::ranges::find(kNamesOfText, name) != kNamesOfText.end();
}

void TextMeter::take(std::string_view piece) {
  std::size_t at = 0;
  while (at < piece.size()) {
    if (in_string_) {
      at += take_string(piece.substr(at));
    } else {
      take_token(piece[at++]);
    }
  }
}

// Between strings only quotes and colons matter; what is not JSON, as the lines of events, has
// neither in odd numbers.
void TextMeter::take_token(char c) {
  if (c == ':') {
    is_value_ = true;
  } else if (c == '"') {
    in_string_ = true;
    counts_ = is_value_ && !name_is_long_ && is_counted({name_.data(), name_bytes_});
    name_bytes_ = 0;
    name_is_long_ = is_value_;
  } else if (c == ',' || c == '{' || c == '[' || c == '}' || c == '\n') {
    is_value_ = false;
  }
}

void TextMeter::add_to_name(std::string_view part) {
  name_is_long_ = name_is_long_ || name_bytes_ + part.size() > kNameBytes;
  if (name_is_long_) return;
  std::ranges::copy(part, name_.begin() + static_cast<std::ptrdiff_t>(name_bytes_));
  name_bytes_ += part.size();
}

std::size_t TextMeter::take_string(std::string_view rest) {
  std::size_t length = 0;
  bool has_ended = false;
  std::uint64_t beyond_ascii = 0;
  while (length < rest.size() && !has_ended) {
    const char c = rest[length++];
    has_ended = c == '"' && !is_escaped_;
    is_escaped_ = c == '\\' && !is_escaped_;
    if (!is_ascii(c)) ++beyond_ascii;
  }
  const std::size_t bytes = length - (has_ended ? 1 : 0);
  if (counts_) {
    size_.other_bytes += beyond_ascii;
    size_.ascii_bytes += bytes - beyond_ascii;
  }
  add_to_name(rest.substr(0, bytes));
  in_string_ = !has_ended;
  return length;
}

}  // namespace penstock::wire
