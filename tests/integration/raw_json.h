#pragma once

// JSON by its text: the positions of its values, so that tests can reuse recorded bytes unchanged.
// Not a parser: its input is valid JSON.

#include <string>
#include <string_view>
#include <vector>

namespace penstock::testing {

// The text of the top-level member `key` of an object; empty (and pointing nowhere) if there is
// none.
std::string_view raw_member(std::string_view object, std::string_view key);

// The texts of an array's items.
std::vector<std::string_view> raw_items(std::string_view array);

// The object with that member's text replaced if the member is a string, else unchanged.
std::string with_string_member(std::string_view object, std::string_view key,
                               std::string_view new_text);

// The same value in another spelling: white space around every `:` and `,`, and integers with a
// fraction and an exponent. One line.
std::string respelled(std::string_view json);

}  // namespace penstock::testing
