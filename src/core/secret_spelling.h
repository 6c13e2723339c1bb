#pragma once

// The spellings in which a text may write another: JSON escapes (RFC 8259 section 7), percent
// encoding (RFC 3986 section 2.1), HTML character references, one inside the other.
//
// This is for finding a known text in whatever spelling, not for decoding: it takes every escape
// that any of the formats knows, whatever the format of the text. A backslash always goes with what
// follows it, so that what is found never begins or ends inside an escape.

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
    kIncomplete,  // more bytes are needed to tell
  };
  // Longer ones are no escapes.
  static constexpr std::size_t kBytesMax = 32;

  Kind kind = Kind::kNone;
  // A letter behind backslashes, as in \n: a line end in every format of strings, and the letter
  // itself only in a text that has backslashes of its own.
  bool is_letter = false;
  std::size_t source_bytes = 1;
  char plain[3] = {};
  std::size_t plain_bytes = 0;
};

// `text` is not empty. An escape that is cut off is kIncomplete.
Escape read_escape(std::string_view text);

// A text without its spellings, and where each byte of it comes from.
struct Unspelled {
  // What no escape stands for, and nothing that is looked for contains.
  static constexpr char kStructure = '\0';

  std::string bytes;
  // One more than there are bytes: byte i comes from the source's [begins[i], begins[i + 1]), or,
  // where several stand in one escape, from there to the next larger begin. The last is where the
  // part of the source ends that could be told.
  std::vector<std::uint32_t> begins;

  // The source's first byte behind that of byte i.
  std::size_t end_of(std::size_t i) const;
};

// Where more follows, what an escape at the end may become is left out.
enum class MoreFollows : bool { kNo, kYes };
// What becomes of letters behind backslashes: kStructure, or the letter.
enum class EscapedLetters : bool { kStructure, kLetters };

// The bytes that are looked for, or that an escape may be made of.
using WantedBytes = std::array<bool, 256>;

// Quotes that are not escaped become kStructure: they are the text's format, not its content. What
// would be percent encoding or a reference of a byte that nobody wants stays as it is.
Unspelled unspell(std::string_view text, MoreFollows more_follows, EscapedLetters letters,
                  const WantedBytes& wanted);

// What unspell() makes of `text`, escaped letters and all, where it stands in another text in any
// spelling.
std::string unspelled_form(std::string_view text);

// Base64 of `text` where `offset` (0 to 2) bytes come before it in the group of three (RFC 4648
// section 4): the digits that depend on nothing but `text`.
std::string base64_digits(std::string_view text, std::size_t offset);
// How many of them stand for the first `text_bytes` bytes alone.
std::size_t base64_digits_of(std::size_t text_bytes, std::size_t offset);

}  // namespace penstock
