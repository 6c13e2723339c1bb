#pragma once

// Prices as `penstock prices` prints them: US dollars for a million tokens.

#include <string>
#include <string_view>

#include "prices/price.h"
#include "prices/price_file.h"

namespace penstock::app {

// Lines for each range of input tokens and each service tier that costs something of its own.
std::string price_lines(const prices::Price& price);

// A line for each model that is new, gone or changed. Empty: nothing has changed.
std::string price_changes(const prices::NamedPrices& before, const prices::NamedPrices& after);

}  // namespace penstock::app
