#pragma once

// How values stand in a description: as load_text() reads them back.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/description_writer.h"
#include "config/settings.h"

namespace penstock::config {

std::string seconds(milliseconds value);
std::string_view boolean(bool value);
// Without an exponent.
std::string decimal(double value);
void write_number(DescriptionWriter& out, std::string_view key, std::size_t value);
void write_time(DescriptionWriter& out, std::string_view key, milliseconds value);
void write_texts(DescriptionWriter& out, std::string_view key,
                 const std::vector<std::string>& items);

}  // namespace penstock::config
