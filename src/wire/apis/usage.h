#pragma once

// Token counts as an answer states them, in one form for all APIs.

#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::wire {

struct Usage {
  std::uint64_t prompt_tokens = 0;  // all of them, also those that were cached
  std::uint64_t completion_tokens = 0;
  std::uint64_t total_tokens = 0;
  std::uint64_t cached_tokens = 0;       // of the prompt: read from a cache
  std::uint64_t cache_write_tokens = 0;  // of the prompt: written to a cache
  std::uint64_t reasoning_tokens = 0;    // of the completion

  friend bool operator==(const Usage&, const Usage&) = default;
};

// The last usage objects of an answer, as texts: of the object inside the answer or event
// (EventLaw::inner), and of its top. Empty: there was none.
struct UsageTexts {
  std::string_view inner = {};
  std::string_view top = {};
};

// The counts of an answer. Of a count that both objects state, the last one holds, which is the
// top's: Messages state the prompt at the start of a stream, and again, complete or not, with the
// completion at its end. Absent counts and null are 0.
//
// The names are those of OpenAI's older APIs (`prompt_tokens`), of Responses (`input_tokens`,
// `input_tokens_details`) and of Messages (`cache_read_input_tokens`), whose `input_tokens` do not
// contain those of the cache, and whose total is the sum.
//
// Nullopt if there is no object, or if a text is not an object, or a count is not a whole number
// from 0 to 2^53.
std::optional<Usage> read_usage(const UsageTexts& texts);

}  // namespace penstock::wire
