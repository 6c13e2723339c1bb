#pragma once

// Files that commands read whole.

#include <cstddef>
#include <optional>
#include <string>

namespace penstock::app {

// Nullopt if it cannot be read. One byte over the limit is read, too, so that endless files end and
// large ones are refused by whoever gets the text.
std::optional<std::string> read_file(const std::string& path, std::size_t bytes_max);

}  // namespace penstock::app
