#pragma once

// Token counts as an answer states them, in one form for all APIs.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace penstock::wire {

// The class of service that a request was served in, as the answer states it.
enum class ServiceTier : std::uint8_t { kStandard, kBatch, kFlex, kPriority, kUltrafast };
inline constexpr std::size_t kServiceTiers = 5;

// Standard for words that name none of them: `default`, `auto`, `scale`.
ServiceTier service_tier_of(std::string_view word);
std::string_view name_of(ServiceTier tier);

// The same of every API, so that counts of different APIs can be added up. Nullopt: not stated.
struct Usage {
  std::optional<std::uint64_t> prompt_tokens = {};      // all of them, also those that a cache has
  std::optional<std::uint64_t> completion_tokens = {};  // all of them, also those of reasoning
  std::optional<std::uint64_t> total_tokens = {};
  std::optional<std::uint64_t> cached_tokens = {};       // of the prompt: read from a cache
  std::optional<std::uint64_t> cache_write_tokens = {};  // of the prompt: written to a cache
  std::optional<std::uint64_t> reasoning_tokens = {};    // of the completion
  // Parts of them that have prices of their own; 0: none, or not stated.
  std::uint64_t cache_write_1h_tokens = 0;  // of cache_write_tokens: kept for an hour
  std::uint64_t prompt_audio_tokens = 0;    // these may be from a cache, too
  std::uint64_t prompt_image_tokens = 0;    // likewise
  std::uint64_t completion_audio_tokens = 0;
  std::uint64_t completion_image_tokens = 0;
  // What is not counted in tokens.
  std::uint64_t seconds = 0;   // of audio, begun ones
  std::uint64_t searches = 0;  // of the web, and those that rerankers count
  ServiceTier service_tier = ServiceTier::kStandard;

  friend bool operator==(const Usage&, const Usage&) = default;
};

// The last usage objects of an answer, as texts: of the object inside the answer or event
// (EventLaw::inner), and of its top. Empty: there was none.
struct UsageTexts {
  std::string_view inner = {};
  std::string_view top = {};
  ServiceTier service_tier = ServiceTier::kStandard;  // as OpenAI's APIs state it, beside the usage
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
// - a total that is not stated is the sum of the two;
// - a prompt with fewer tokens than its cached and written ones does not contain them, as some
//   services with OpenAI's API count like Messages: they are added.
//
// Nullopt if there is no object, or if a text is not an object, or a count is not a whole number
// from 0 to 2^40: no request has more tokens, and sums and products of such counts do not overflow.
std::optional<Usage> read_usage(const UsageTexts& texts);

}  // namespace penstock::wire
