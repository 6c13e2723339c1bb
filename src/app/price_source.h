#pragma once

// Where a configuration's prices come from.

#include <memory>
#include <string>

#include "config/settings.h"
#include "core/result.h"
#include "prices/price_table.h"

namespace penstock::app {

// The file that is used: `prices.file`, or the one that is installed beside the program. Empty if
// there is neither.
std::string price_file_of(const config::Settings& settings);

// The text of a file of prices. Fails with its name if it cannot be read, or is too large.
Result<std::string> read_price_file(const std::string& path);

// Whether a server of that configuration looks at prices: it names some, or it limits costs. The
// installed file alone is no reason: reading it takes milliseconds and megabytes.
bool needs_prices(const config::Settings& settings);

// Fails with the file's name and the position if it is broken.
Result<std::shared_ptr<const prices::PriceTable>> price_table_of(const config::Settings& settings);

}  // namespace penstock::app
