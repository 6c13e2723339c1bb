#pragma once

// Small, locale-free text functions: ASCII only, no allocation unless the result is a string.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock {

// U+FEFF in UTF-8, with which some writers begin a text.
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

constexpr bool is_letter(char c) {
  return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}

// Equality that ignores ASCII case: field names and codings (RFC 9110 section 5.1).
constexpr bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

constexpr bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
  return equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}

std::string lower_case(std::string_view text);

// `text` without spaces and tabs at both ends (optional whitespace, RFC 9110 section 5.6.3).
std::string_view trim(std::string_view text);

// Lets tables of std::string be searched for a view.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

// A decimal number without sign, at most 19 digits; nullopt for anything else.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Encodes everything but unreserved characters (RFC 3986 section 2.3), for a query.
std::string percent_encode(std::string_view text);

// Decodes %XX. Nullopt if a percent sign is not followed by two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

// Whether a segment of the path is `.` or `..`, as written (RFC 3986 section 5.2.4).
bool has_dot_segment(std::string_view path);

bool is_valid_utf8(std::string_view text);

// Whether `text` (UTF-8) contains a control character that a terminal or a log could act on: C0, C1
// or DEL.
bool has_control_character(std::string_view text);

// The number of bytes at the front of `text` that are whole, well-formed UTF-8 sequences.
std::size_t valid_utf8_bytes(std::string_view text);

// The number of bytes at the front of `text` that need no escape in a JSON string: printable ASCII
// except quote and backslash.
std::size_t plain_json_bytes(std::string_view text);

// Appends `text` as the contents of a JSON string (RFC 8259 section 7). Escapes quotes, backslashes
// and control characters, and replaces bytes that are not UTF-8 by U+FFFD, so that the result is
// always valid JSON.
void append_json_escaped(std::string& out, std::string_view text);

// The UTF-16 code unit of the four hexadecimal digits at the front of `text`, after the \u of an
// escape (RFC 8259 section 7).
std::optional<char32_t> utf16_unit(std::string_view text);

// Appends `text`, the contents of a JSON string, unescaped (RFC 8259 section 7). False if an escape
// is malformed or half of a surrogate pair; a part may have been appended then. The result is never
// longer than `text`.
bool append_json_unescaped(std::string& out, std::string_view text);

// `text` as a JSON string, quotes included.
void append_json_quoted(std::string& out, std::string_view text);
std::string json_quoted(std::string_view text);

// The entry of `known` with the smallest edit distance to `text`, if it is close enough to be a
// likely misspelling (at most the larger of 2 and a third of the length).
template <class Range>
std::string_view nearest(std::string_view text, const Range& known);

std::size_t edit_distance(std::string_view a, std::string_view b);

template <class Range>
std::string_view nearest(std::string_view text, const Range& known) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, text.size() / 3) + 1;
  for (std::string_view candidate : known) {
    const std::size_t distance = edit_distance(text, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace penstock
