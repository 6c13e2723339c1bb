#pragma once

// Token counts as an answer states them (OpenAI API, `usage`).

#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::wire {

struct Usage {
  std::uint64_t prompt_tokens = 0;
  std::uint64_t completion_tokens = 0;
  std::uint64_t total_tokens = 0;
};

// The counts of a usage object. Absent counts and null are 0. Nullopt if the text is not an object,
// or a count is not a whole number from 0 to 2^53.
std::optional<Usage> read_usage(std::string_view object);

}  // namespace penstock::wire
