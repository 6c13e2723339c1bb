#pragma once

// What is wrong with a command line, in words that name the place and what was probably meant.
//
// CLI11 finds that there is a mistake; its own words ("The following argument was not expected") do
// not say what would be right.

#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace penstock::app {

// Lines for stderr. `arguments` are those after the program's name; `error` is what parsing them
// by `app` threw.
std::string mistake_text(const CLI::App& app, const std::vector<std::string_view>& arguments,
                         const CLI::ParseError& error);

// For an option's value: a whole number from 0 to `most`.
CLI::Validator number_up_to(std::uint64_t most);

// For an option's value: one of the names, which must outlive the validator.
CLI::Validator one_of(std::vector<std::string_view> names);

}  // namespace penstock::app
