#pragma once

// Visiting the members and items of a nested value in place (wire/json/walk.h), so that each byte
// of a text is passed once, however deep what is looked for.
//
// A visitor is called with the walk in front of a value, and takes the value: visits it, or calls
// take_value(). Both functions are false if the text is no such value or ends within it, or if
// `budget`, which each member and each item costs one of, is used up; the walk is then of no
// further use.

#include <cstddef>
#include <string>
#include <string_view>

#include "core/text.h"
#include "wire/json/key.h"
#include "wire/json/walk.h"

namespace penstock::wire {

// What precedes a further element of a container that `close` ends. False at its end, which is
// taken, and on an error, which `ok` tells apart.
inline bool take_separator(JsonWalk& walk, char close, bool first, bool& ok) {
  walk.skip_space();
  if (walk.take(close)) return false;
  if (!first && !walk.take(',')) {
    ok = false;
    return false;
  }
  walk.skip_space();
  return true;
}

// `visit` is a bool(JsonWalk::String key): false if it has failed.
template <class Visit>
bool visit_members(JsonWalk& walk, std::size_t& budget, Visit visit) {
  if (!walk.take('{')) return false;
  bool ok = true;
  for (bool first = true; take_separator(walk, '}', first, ok); first = false) {
    if (budget == 0) return false;
    --budget;
    if (walk.next() != '"') return false;
    const auto key = walk.take_string();
    if (!key) return false;
    walk.skip_space();
    if (!walk.take(':')) return false;
    walk.skip_space();
    if (!visit(*key)) return false;
  }
  return ok;
}

// `visit` is a bool().
template <class Visit>
bool visit_items(JsonWalk& walk, std::size_t& budget, Visit visit) {
  if (!walk.take('[')) return false;
  bool ok = true;
  for (bool first = true; take_separator(walk, ']', first, ok); first = false) {
    if (budget == 0) return false;
    --budget;
    if (!visit()) return false;
  }
  return ok;
}

inline bool is_key(const JsonWalk::String& key, std::string_view word) {
  return is_json_key(key.text, key.escaped, word);
}

// The contents of `value` if it is a string, unescaped; else empty. `storage` may keep them.
inline std::string_view text_of(std::string_view value, std::string& storage) {
  if (value.size() < 2 || value.front() != '"') return {};
  const std::string_view spelled = value.substr(1, value.size() - 2);
  if (!spelled.contains('\\')) return spelled;
  storage.clear();
  if (!append_json_unescaped(storage, spelled)) return {};
  return storage;
}

}  // namespace penstock::wire
