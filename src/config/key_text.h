#pragma once

// What an API key may look like: it becomes part of a header field.

#include <algorithm>
#include <string_view>

#include "core/text.h"

namespace penstock::config {

// Empty if `key` is visible ASCII without spaces; else what is wrong with it, and what to do. Never
// repeats the key.
inline std::string_view fault_of_key_text(std::string_view key) {
  const auto is_visible = [](char c) { return c > ' ' && c < 0x7F; };
  if (std::ranges::all_of(key, is_visible)) return {};
  if (key.starts_with(kByteOrderMark)) {
    return "this key begins with a byte order mark, perhaps from a file; save the file as UTF-8 "
           "without one";
  }
  if (starts_with_ignoring_case(key, "Bearer ")) {
    return "this key begins with `Bearer`; leave that out, as it is put before the key";
  }
  constexpr std::string_view kSpaces = " \t\r\n";
  key = key.substr(0, key.find_last_not_of(kSpaces) + 1);
  key.remove_prefix(std::min(key.find_first_not_of(kSpaces), key.size()));
  if (std::ranges::all_of(key, is_visible)) {
    return "this key begins or ends with a space or a line break; remove it where the key is set";
  }
  return "an API key must be visible ASCII without spaces";
}

}  // namespace penstock::config
