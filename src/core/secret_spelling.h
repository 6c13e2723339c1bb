#pragma once

// The spellings of a text inside another: JSON escapes (RFC 8259 section 7), percent encoding (RFC
// 3986 section 2.1), HTML character references, also nested.
//
// This is for finding a known text in any spelling, not for decoding: it accepts every escape of
// every format, whatever the format of the text. A backslash always belongs to what follows it, so
// that a match never begins or ends inside an escape.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock {

// One escape at the front of a text.
struct Escape {
  enum class Kind : std::uint8_t {
    kNone,        // the first byte stands for itself
    kEscape,      // `source_bytes` bytes stand for `plain`
    kIncomplete,  // more bytes are needed to decide
  };
  // Longer sequences are not escapes.
  static constexpr std::size_t kBytesMax = 32;

  Kind kind = Kind::kNone;
  // A letter after backslashes, as in \n: a line end in every format of strings, and the letter
  // itself only in a text that contains backslashes itself.
  bool is_letter = false;
  std::size_t source_bytes = 1;
  char plain[3] = {};
  std::size_t plain_bytes = 0;
};

// `text` is not empty. A truncated escape is kIncomplete.
Escape read_escape(std::string_view text);

// A text with its escapes resolved, and where each byte of it comes from.
struct Unspelled {
  // A byte that no escape stands for, and that occurs in nothing that is searched for.
  static constexpr char kStructure = '\0';

  std::string bytes;
  // One more entry than there are bytes. Byte i comes from [begins[i], begins[i + 1]) of the
  // source, or, if several bytes come from one escape, extends to the next larger entry. The last
  // entry is the end of the part of the source that could be decided.
  std::vector<std::uint32_t> begins;

  // The end of byte i in the source.
  std::size_t end_of(std::size_t i) const;
};

// If more follows, a possible escape at the end is left out.
enum class MoreFollows : bool { kNo, kYes };
// What letters after backslashes become: kStructure, or the letter.
enum class EscapedLetters : bool { kStructure, kLetters };

// The bytes that are searched for, or that an escape may consist of.
using WantedBytes = std::array<bool, 256>;

// Unescaped quotes become kStructure: they are the text's format, not its content. Percent encoding
// and references of bytes that are not wanted are left as they are.
Unspelled unspell(std::string_view text, MoreFollows more_follows, EscapedLetters letters,
                  const WantedBytes& wanted);

// What unspell() makes of `text`, with escaped letters, when it occurs in another text in any
// spelling.
std::string unspelled_form(std::string_view text);

// Base64 of `text` preceded by `offset` (0 to 2) bytes in its group of three (RFC 4648 section 4):
// the digits that depend only on `text`.
std::string base64_digits(std::string_view text, std::size_t offset);
// How many of them depend only on the first `text_bytes` bytes.
std::size_t base64_digits_of(std::size_t text_bytes, std::size_t offset);

}  // namespace penstock
