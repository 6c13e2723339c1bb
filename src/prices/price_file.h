#pragma once

// The file of prices, in the shape of LiteLLM's `model_prices_and_context_window.json`: an object
// with an object for each model, in dollars.

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/result.h"
#include "prices/price.h"

namespace penstock::prices {

inline constexpr std::size_t kPriceFileBytesMax = 64 * 1024 * 1024;

// By name, which may begin with a provider: `azure/gpt-5.5`.
using NamedPrices = std::map<std::string, Price, std::less<>>;

// The models that have a price in tokens, seconds, searches or requests. Left out are others, the
// description `sample_spec`, and names that begin with `_`. Fails with the position, `12:7: …`, if
// the text is no such object, or a price is no number of dollars: nothing of it is taken then.
Result<NamedPrices> read_prices(std::string_view text);

}  // namespace penstock::prices
