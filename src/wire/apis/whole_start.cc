#include "wire/apis/whole_start.h"

#include <algorithm>
#include <array>

namespace penstock::wire {
namespace {

// Takes what stands next, white space before it included. False: it is something else, or has not
// come; then `text` is what is there.
bool take(std::string_view& text, std::string_view wanted) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(wanted.size());
  return true;
}

// Whether the rest may still become `wanted`.
bool may_become(std::string_view text, std::string_view wanted) {
  return text.size() < wanted.size() && wanted.starts_with(text);
}

WholeStart unless(bool is_short) {
  return is_short ? WholeStart::kUnknown : WholeStart::kAnswer;
}

// The value of `error`: an object or a text that says something.
WholeStart start_of_error(std::string_view text) {
  const bool is_object = take(text, "{");
  const std::string_view end = is_object ? "}" : "\"";
  if (!is_object && !take(text, "\"")) return unless(text.empty());
  if (is_object ? take(text, end) : text.starts_with(end)) return WholeStart::kAnswer;
  return text.empty() ? WholeStart::kUnknown : WholeStart::kError;
}

}  // namespace

WholeStart start_of_whole(std::string_view text) {
  constexpr std::array<std::string_view, 3> kKeys = {"\"error\"", "\"type\"", "\"object\""};
  // Most answers begin with their id.
  if (text.starts_with("{\"id\"")) return WholeStart::kAnswer;
  if (!take(text, "{")) return unless(text.empty());
  for (const std::string_view key : kKeys) {
    if (!take(text, key)) continue;
    if (!take(text, ":")) return unless(text.empty());
    if (key == kKeys.front()) return start_of_error(text);
    if (take(text, kKeys.front())) return WholeStart::kError;
    return unless(may_become(text, kKeys.front()));
  }
  return unless(std::ranges::any_of(kKeys, [&](auto key) { return may_become(text, key); }));
}

}  // namespace penstock::wire
