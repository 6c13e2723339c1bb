#include "gateway/passing_path.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

#include "core/text.h"

namespace penstock::gateway {
namespace {

// Whether decoding has brought out a character that begins or ends a part of a path.
bool has_hidden_separator(std::string_view path, std::string_view decoded) {
  constexpr std::string_view kSeparators = "/\\.;?#";
  return std::ranges::any_of(kSeparators, [&](char c) {
    return std::ranges::count(path, c) != std::ranges::count(decoded, c);
  });
}

// Whether decoding once more would change the text.
bool is_encoded(std::string_view text) {
  for (std::size_t at = text.find('%'); at != text.npos; at = text.find('%', at + 1)) {
    const bool has_code = text.size() > at + 2 && hex_value(text[at + 1]) >= 0;
    if (has_code && hex_value(text[at + 2]) >= 0) return true;
  }
  return false;
}

// What the path has that lets it be read in several ways; nullptr: nothing.
const char* find_fault(std::string_view path) {
  if (path.contains("//")) return "an empty segment";
  if (path.contains(';')) return "a semicolon";
  if (path.contains('\\')) return "a backslash";
  if (has_dot_segment(path)) return "a dot segment";
  const std::optional<std::string> decoded = percent_decode(path);
  if (!decoded) return "a malformed percent-encoding";
  if (has_hidden_separator(path, *decoded)) return "an encoded separator or dot";
  if (is_encoded(*decoded)) return "a character that is encoded twice";
  if (!is_valid_utf8(*decoded)) return "an encoded character that is not UTF-8";
  if (has_control_character(*decoded)) return "a control character";
  return nullptr;
}

}  // namespace

Status check_passing_path(std::string_view path) {
  const char* const fault = find_fault(path);
  if (fault == nullptr) return {};
  return failure(Error::client(ErrorKind::kInvalidRequest,
                               "the path is not passed on, since an upstream could read it as "
                               "another one: it has " +
                                   std::string(fault)));
}

}  // namespace penstock::gateway
