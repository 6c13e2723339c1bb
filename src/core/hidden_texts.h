#pragma once

// HiddenTexts: texts that must not be shown, though they are no credentials, such as what is in a
// file that a configuration refers to.
//
// Each is found as a whole, in any case, as it is or as the content of a JSON string; a part of one
// is ordinary text. So is a text of less than kBytesMin, which others may contain by chance.
// Immutable; threads may share it. For lines that people read: it searches for one text after the
// other.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

class HiddenTexts {
 public:
  static constexpr std::size_t kBytesMin = 8;

  // Finds nothing.
  HiddenTexts() = default;
  explicit HiddenTexts(const std::vector<std::string>& texts);

  bool are_in(std::string_view text) const;
  // Each becomes Secret::kMask, however long it is.
  void mask(std::string& text) const;

 private:
  std::vector<std::string> texts_;  // in lower case, the longest first
};

}  // namespace penstock
