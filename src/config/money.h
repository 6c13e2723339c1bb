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

// As it is read, with as many digits as it takes: `20`, `0.05`.
std::string money_text(std::int64_t micro_dollars);

}  // namespace penstock::config
