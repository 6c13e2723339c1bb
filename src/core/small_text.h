#pragma once

// A short text without allocation: up to `Inline` bytes are stored in the object, longer texts on
// the heap. For names and identifiers that live as long as a request.

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace penstock {

template <std::size_t Inline>
class SmallText {
 public:
  SmallText() = default;
  explicit SmallText(std::string_view text) { assign(text); }

  void assign(std::string_view text) {
    size_ = text.size();
    if (size_ <= Inline) {
      std::copy(text.begin(), text.end(), inline_.begin());
    } else {
      long_.assign(text);
    }
  }

  // One after the other.
  void assign_joined(std::initializer_list<std::string_view> parts) {
    size_ = 0;
    for (const std::string_view part : parts) size_ += part.size();
    if (size_ > Inline) long_.clear();
    auto to = inline_.begin();
    for (const std::string_view part : parts) {
      if (size_ <= Inline) {
        to = std::copy(part.begin(), part.end(), to);
      } else {
        long_.append(part);
      }
    }
  }

  std::string_view view() const {
    return size_ <= Inline ? std::string_view(inline_.data(), size_) : std::string_view(long_);
  }
  bool empty() const { return size_ == 0; }

 private:
  std::size_t size_ = 0;
  std::array<char, Inline> inline_;
  std::string long_;
};

}  // namespace penstock
