#pragma once

// White space in JSON as it is written: raw, or within a string as an escape.

#include <cstddef>
#include <string>
#include <string_view>

namespace penstock::wire {

// Whether `spelled` is nothing but white space, U+00A0 and control characters included.
bool is_blank(std::string_view spelled);

// Removes the white space at the front of `spelled` except for the last such character. False if
// there is nothing to remove.
bool drop_leading_blanks(std::string& spelled);

}  // namespace penstock::wire
