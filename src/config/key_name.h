#pragma once

// Keys of the file in messages: paths, and suggestions for what is not known.

#include <string>
#include <string_view>
#include <vector>

namespace penstock::config {

// A key as messages show it: cut to a readable length, and in JSON's quotes where it is not plain
// text.
std::string shown_key(std::string_view key);

// `server.port` from `server` and `port`.
std::string joined_path(std::string_view parent, std::string_view key);

// "server: " for `server`; nothing for the whole document.
std::string path_prefix(std::string_view path);

// The one of `known` that `unknown` is a likely misspelling of, or nothing.
std::string_view nearest_key(std::string_view unknown, const std::vector<std::string_view>& known);

// "did you mean `port`?", or all that is known where nothing is near.
std::string suggestion(std::string_view unknown, const std::vector<std::string_view>& known);

}  // namespace penstock::config
