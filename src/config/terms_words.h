#pragma once

// The words in which terms are written: what their decoder reads (config/decode_terms.h) and what
// describes them (config/describe_terms.h), in the order of the enumerations of config/terms.h.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "config/terms.h"

namespace penstock::config {

inline constexpr std::array<std::string_view, 5> kQuantities = {"requests", "input_tokens",
                                                                "output_tokens", "tokens", "cost"};
// The key of a budget that says how much of that quantity, and that of its temporary increase.
inline constexpr std::array<std::string_view, 5> kBudgetMaxima = {
    "max_requests", "max_input_tokens", "max_output_tokens", "max_tokens", "max_usd"};
inline constexpr std::array<std::string_view, 5> kBudgetAdditions = {
    "add_requests", "add_input_tokens", "add_output_tokens", "add_tokens", "add_usd"};
// The key of a rate of a minute for all models; there is none for cost.
inline constexpr std::array<std::string_view, 4> kPerMinute = {
    "requests_per_minute", "input_tokens_per_minute", "output_tokens_per_minute",
    "tokens_per_minute"};
// After a number: `1mo`, `7d`. The last one stands alone.
inline constexpr std::array<std::string_view, 7> kBudgetUnits = {"h", "d", "w",    "mo",
                                                                 "q", "y", "total"};
inline constexpr std::array<std::string_view, 2> kAlignments = {"calendar", "rolling"};
// Of on_exceeded; the last one is followed by a model.
inline constexpr std::array<std::string_view, 3> kOnExceeded = {"refuse", "warn", "route: "};

template <class Enumeration, class Words>
constexpr std::string_view word_for(Enumeration value, const Words& words) {
  return words[static_cast<std::size_t>(value)];
}

// `1mo`.
std::string period_text(BudgetUnit unit, std::uint32_t units);

// An amount of the quantity: a whole number, or dollars as config/money.h writes them.
std::string amount_text(Quantity quantity, std::int64_t amount);

}  // namespace penstock::config
