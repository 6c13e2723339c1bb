#pragma once

// Amounts of US dollars as decimal text, exactly: they are never a double.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::config {

inline constexpr std::int64_t kMicroDollars = 1'000'000;  // of a dollar
// More is a mistake, and sums of such amounts do not overflow.
inline constexpr std::int64_t kMoneyMax = 1'000'000'000 * kMicroDollars;

// Millionths of a dollar: of `20`, `0.05`, `1.5e-05` (a number of JSON). Nullopt for anything else:
// a sign, less than a millionth, more than kMoneyMax.
std::optional<std::int64_t> parse_money(std::string_view text);

// Prices of single tokens are amounts of pico-dollars: millionths of millionths of a dollar, so
// that a price of so many micro-dollars for a million tokens is the same number for one.
inline constexpr std::int64_t kPicoDollars = 1'000'000 * kMicroDollars;
// More is a mistake, and a count of tokens times such a price fits in 128 bits.
inline constexpr std::int64_t kPriceMax = 100'000 * kPicoDollars;

// As parse_money(), in pico-dollars, up to kPriceMax. What is finer is rounded up: no price that is
// not zero becomes zero.
std::optional<std::int64_t> parse_price(std::string_view text);

// As it is read, with as many digits as it takes: `20`, `0.05`.
std::string money_text(std::int64_t micro_dollars);
// The price of a million such units in dollars: `1.25` of 1'250'000 pico-dollars.
std::string price_text(std::int64_t pico_dollars);

}  // namespace penstock::config
