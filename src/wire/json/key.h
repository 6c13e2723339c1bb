#pragma once

// Comparing the contents of a JSON string, as written between its quotes, with a plain word.

#include <cstring>
#include <string_view>

#include "core/text.h"

namespace penstock::wire {

// Whether `spelled`, unescaped, is `word`, which contains no quote, backslash, slash or control
// character. No short escape stands for any other character.
inline bool unescapes_to(std::string_view spelled, std::string_view word) {
  for (char expected : word) {
    if (spelled.starts_with("\\u")) {
      if (utf16_unit(spelled.substr(2)) != static_cast<char32_t>(expected)) return false;
      spelled.remove_prefix(6);
    } else {
      if (!spelled.starts_with(expected)) return false;
      spelled.remove_prefix(1);
    }
  }
  return spelled.empty();
}

// `escaped`: `spelled` may contain a backslash.
inline bool is_json_key(std::string_view spelled, bool escaped, std::string_view word) {
  if (escaped) return unescapes_to(spelled, word);
  if (spelled.size() != word.size()) return false;
  if (word.empty()) return true;
  return spelled.front() == word.front() &&
         std::memcmp(spelled.data(), word.data(), word.size()) == 0;
}

}  // namespace penstock::wire
