#pragma once

// `prices`: the file of prices, and the operator's own.

#include <array>
#include <string>
#include <string_view>

#include "config/draft.h"
#include "config/key_table.h"

namespace penstock::config {

// The words of Unpriced, in its order.
inline constexpr std::array<std::string_view, 3> kUnpricedWords = {"refuse", "allow", "estimate"};

void decode_prices(Decoder& decoder, const Node& node, Draft& draft);
void list_prices_keys(const std::string& path, KnownKeys& out);

}  // namespace penstock::config
