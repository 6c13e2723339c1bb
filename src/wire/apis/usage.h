#pragma once

// Token counts as an answer states them, in one form for all APIs.

#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::wire {

// The same of every API, so that counts of different APIs can be added up. Nullopt: not stated.
struct Usage {
  std::optional<std::uint64_t> prompt_tokens = {};      // all of them, also those that a cache has
  std::optional<std::uint64_t> completion_tokens = {};  // all of them, also those of reasoning
  std::optional<std::uint64_t> total_tokens = {};
  std::optional<std::uint64_t> cached_tokens = {};       // of the prompt: read from a cache
  std::optional<std::uint64_t> cache_write_tokens = {};  // of the prompt: written to a cache
  std::optional<std::uint64_t> reasoning_tokens = {};    // of the completion

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
// completion at its end. Null is the same as absent.
//
// The names are those of OpenAI's older APIs (`prompt_tokens`), of Responses, images and audio
// (`input_tokens`, `input_tokens_details`), of Messages (`cache_read_input_tokens`), and those that
// single services have added. Where APIs count differently, their counts are brought to Usage's
// definition:
// - the `input_tokens` of Messages do not contain those of the cache, and are added to them;
// - some services (xAI) do not count reasoning as completion: the total tells them apart;
// - a total that stands alone, as some rerankers state it, is all prompt;
// - a total that is not stated is the sum of the two.
//
// Nullopt if there is no object, or if a text is not an object, or a count is not a whole number
// from 0 to 2^53.
std::optional<Usage> read_usage(const UsageTexts& texts);

}  // namespace penstock::wire
