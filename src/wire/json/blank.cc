#include "wire/json/blank.h"

#include "core/text.h"
#include "wire/json/bytes.h"

namespace penstock::wire {
namespace {

// How many bytes the white space character takes that `spelled` begins with; 0: there is none.
// White space that a JSON string cannot contain raw has its own short escape, or is written as its
// code.
std::size_t blank_bytes(std::string_view spelled) {
  constexpr std::string_view kShortEscapes = "bfnrt";
  constexpr std::size_t kCodeBytes = 6;
  constexpr char32_t kNoBreakSpace = 0xA0;
  if (spelled.empty()) return 0;
  if (spelled.front() != '\\') return is_json_space(spelled.front()) ? 1 : 0;
  if (!spelled.starts_with("\\u")) {
    return spelled.size() > 1 && kShortEscapes.contains(spelled[1]) ? 2 : 0;
  }
  const auto unit = utf16_unit(spelled.substr(2));
  return unit && (*unit <= U' ' || *unit == kNoBreakSpace) ? kCodeBytes : 0;
}

}  // namespace

bool is_blank(std::string_view spelled) {
  while (const std::size_t bytes = blank_bytes(spelled)) spelled.remove_prefix(bytes);
  return spelled.empty();
}

bool drop_leading_blanks(std::string& spelled) {
  std::size_t last = 0;
  std::size_t next = 0;
  while (const std::size_t bytes = blank_bytes(std::string_view(spelled).substr(next))) {
    last = next;
    next += bytes;
  }
  spelled.erase(0, last);
  return last > 0;
}

}  // namespace penstock::wire
