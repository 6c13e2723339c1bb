#pragma once

// NameLiteral: a field's name that stands in the source. The compiler checks that it is a token
// (RFC 9110 section 5.1), so that writing it checks nothing.

#include <cstddef>
#include <string_view>

#include "http/characters.h"

namespace penstock::http {

class NameLiteral {
 public:
  template <std::size_t Size>
  // NOLINTNEXTLINE(google-explicit-constructor): it stands for its text.
  consteval NameLiteral(const char (&text)[Size]) : text_(text, Size - 1) {
    if (text_.empty()) throw "a field's name is empty";
    for (const char c : text_) {
      if (!is_in(kTokenCharacter, c)) throw "a field's name is not a token";
    }
  }

  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

}  // namespace penstock::http
