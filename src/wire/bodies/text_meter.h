#pragma once

// TextMeter: how much text an answer has, counted while its bytes pass.
//
// For answers whose upstream states no usage: the bytes of the strings that models write are
// counted as they are spelled, in whole answers and in streams of events. What a stream repeats at
// its end
// (`response.output_text.done`) counts once. Keeps a few bytes of state, whatever passes.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "wire/apis/api.h"

namespace penstock::wire {

// In bytes.
struct TextSize {
  std::uint64_t ascii_bytes = 0;
  std::uint64_t other_bytes = 0;
};

class TextMeter {
 public:
  enum class Body : std::uint8_t { kWhole, kEvents };

  TextMeter(Api api, Body body) : only_deltas_(api == Api::kResponses && body == Body::kEvents) {}

  // The next bytes, split anywhere.
  void take(std::string_view piece);

  const TextSize& size() const { return size_; }

 private:
  // Longer names are none that count.
  static constexpr std::size_t kNameBytes = 24;

  // From the byte after the quote; returns how many bytes belong to the string.
  std::size_t take_string(std::string_view rest);
  void take_token(char c);
  void add_to_name(std::string_view part);
  bool is_counted(std::string_view name) const;

  const bool only_deltas_;
  bool in_string_ = false;
  bool is_escaped_ = false;  // the next byte, by a backslash
  bool is_value_ = false;    // the string follows a colon
  bool counts_ = false;      // the string is text of the model
  // The last string that was no value, if it is short.
  std::array<char, kNameBytes> name_{};
  std::size_t name_bytes_ = 0;
  bool name_is_long_ = false;
  TextSize size_;
};

}  // namespace penstock::wire
