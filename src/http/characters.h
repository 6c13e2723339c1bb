#pragma once

// The byte classes of HTTP/1.1 (RFC 9110 section 5.6, RFC 9112 section 3) as one table, and the
// two loops that run over them: byte by byte for names and targets, which are short, and sixteen
// bytes at a time for field values, which make up most of a head.

#include <array>
#include <cstdint>
#include <string_view>

#include "core/text.h"

namespace penstock::http {

enum CharacterClass : std::uint8_t {
  kTokenCharacter = 1,   // tchar
  kTargetCharacter = 2,  // visible ASCII except `#`: a fragment is never part of a target, and
                         // servers treat one differently
  kValueCharacter = 4,   // visible ASCII, space, tab and obs-text
  kHostCharacter = 8,    // unreserved (RFC 3986 section 2.3)
  kHexCharacter = 16,
};

constexpr std::array<std::uint8_t, 256> make_character_classes() {
  std::array<std::uint8_t, 256> classes{};
  const auto mark = [&classes](std::string_view characters, unsigned character_class) {
    for (const char c : characters) {
      auto& entry = classes[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | character_class);
    }
  };
  constexpr std::string_view kDigits = "0123456789";
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  mark(kDigits, kTokenCharacter | kHostCharacter | kHexCharacter);
  mark(kLetters, kTokenCharacter | kHostCharacter);
  mark("abcdefABCDEF", kHexCharacter);
  mark("!#$%&'*+-.^_`|~", kTokenCharacter);
  mark("-._~", kHostCharacter);
  for (unsigned byte = 0x20; byte < 0x100; ++byte) {
    if (byte == 0x7F) continue;
    const bool visible = byte > 0x20 && byte < 0x7F;
    classes[byte] = static_cast<std::uint8_t>(classes[byte] | kValueCharacter);
    if (visible && byte != '#') {
      classes[byte] = static_cast<std::uint8_t>(classes[byte] | kTargetCharacter);
    }
  }
  classes['\t'] = static_cast<std::uint8_t>(classes['\t'] | kValueCharacter);
  return classes;
}

inline constexpr std::array<std::uint8_t, 256> kCharacterClasses = make_character_classes();

constexpr bool is_in(CharacterClass character_class, char c) {
  return (kCharacterClasses[static_cast<unsigned char>(c)] & character_class) != 0;
}

inline bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

// The first byte from `at` that is not in the class, or `end`.
inline const char* skip_class(CharacterClass character_class, const char* at, const char* end) {
  while (at != end && is_in(character_class, *at)) ++at;
  return at;
}

// The first byte from `at` that is not allowed in a field value (a control character other than
// tab), or `end`.
const char* skip_value(const char* at, const char* end);

}  // namespace penstock::http
