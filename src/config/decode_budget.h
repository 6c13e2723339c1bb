#pragma once

// The budgets among an owner's terms: `budget` for one, `budgets` for several.

#include <optional>

#include "config/key_table.h"
#include "config/terms.h"

namespace penstock::config {

// An amount of the quantity: dollars as config/money.h reads them, or a whole number.
std::optional<std::int64_t> decode_amount(Decoder& decoder, const Node& node, Quantity quantity,
                                          std::int64_t least);

// A pattern of models' names, in which `*` stands for any text.
void decode_pattern(Decoder& decoder, const Node& node, std::string& pattern);

void decode_budget(Decoder& decoder, const Node& node, Terms& terms);
void decode_budgets(Decoder& decoder, const Node& node, Terms& terms);
void list_budget_keys(const std::string& path, KnownKeys& out);

}  // namespace penstock::config
