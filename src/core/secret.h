#pragma once

// Secret: a string that cannot be printed by accident.
//
// Keys are held in a Secret from decoding on. There is no stream operator, no formatter and no
// implicit conversion: reveal() is the only access to the text, so that a search for it finds every
// place where a key leaves. Comparison takes the same time wherever the strings differ; the length
// is not hidden.

#include <string>
#include <string_view>

namespace penstock {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  bool empty() const { return text_.empty(); }
  std::string_view reveal() const { return text_; }

  // Shown instead of the text when configuration is printed.
  static constexpr std::string_view kMask = "********";

  bool equals(std::string_view candidate) const;

 private:
  std::string text_;
};

}  // namespace penstock
