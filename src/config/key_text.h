#pragma once

// What an API key may look like: it becomes part of a header field.

#include <algorithm>
#include <string_view>

namespace penstock::config {

// Empty where `key` is visible ASCII without spaces; else what is wrong with it, and what to do.
// Never repeats the key.
inline std::string_view fault_of_key_text(std::string_view key) {
  const auto is_visible = [](char c) { return c > ' ' && c < 0x7F; };
  if (std::ranges::all_of(key, is_visible)) return {};
  const std::size_t last = key.find_last_not_of(" \t\r\n");
  const std::string_view without_end = key.substr(0, last == key.npos ? 0 : last + 1);
  if (std::ranges::all_of(without_end, is_visible)) {
    return "this key ends with a line break or a space, perhaps from a file; remove it where the "
           "key is set (for a variable, use KEY=$(cat FILE))";
  }
  return "an API key is visible ASCII without spaces";
}

}  // namespace penstock::config
