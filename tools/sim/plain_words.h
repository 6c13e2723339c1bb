#pragma once

// The words of a timeline or a flock file, line by line.
//
// Words are separated by spaces. A line ends at a line feed or a semicolon; `#` at the start of a
// word begins a comment. A text in double quotes, which may contain \" and \\, is one word without
// them, and a JSON object is one word.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace penstock::sim {

struct WordLine {
  std::size_t number = 0;          // from 1; lines that a semicolon ends count as parts of the same
  std::vector<std::string> words;  // at least one
};

// Fails with kInvalidRequest where a text or an object does not end.
Result<std::vector<WordLine>> split_words(std::string_view text);

// "Line 3: …".
std::unexpected<Error> line_refusal(std::size_t line, const std::string& message);

}  // namespace penstock::sim
