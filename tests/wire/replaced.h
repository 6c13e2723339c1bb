#pragma once

// Texts as a rewriter must output them, made without one.

#include <cstddef>
#include <string>
#include <string_view>

namespace penstock::wire {

// `text` with `with` in each place of `what`.
inline std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

}  // namespace penstock::wire
