#pragma once

// Keys of the file in messages: paths, and suggestions for unknown keys.

#include <string>
#include <string_view>
#include <vector>

namespace penstock::config {

// A key in the form for messages: cut to a readable length, and JSON-quoted if it is not plain
// text.
std::string shown_key(std::string_view key);

// `server.port` from `server` and `port`.
std::string joined_path(std::string_view parent, std::string_view key);

// "server: " for `server`; empty for the whole document.
std::string path_prefix(std::string_view path);

// The one of `known` that `unknown` probably misspells; empty if none is near.
std::string_view nearest_key(std::string_view unknown, const std::vector<std::string_view>& known);

// "did you mean `port`?", or the list of known keys if none is near.
std::string suggestion(std::string_view unknown, const std::vector<std::string_view>& known);

}  // namespace penstock::config
