#pragma once

// The APIs, as far as their bytes differ.
//
// A route belongs to one of them. What its requests and answers have in common with those of other
// routes (a `model` and a `usage` at the top of an object) needs no entry here.

#include <cstdint>
#include <string_view>

#include "wire/apis/event_law.h"

namespace penstock::wire {

enum class Api : std::uint8_t {
  kCompletions,  // chat completions and completions
  kResponses,    // OpenAI's Responses
  kMessages,     // Anthropic's Messages
  kImages,       // images, generated or edited
  kAudio,        // speech and transcriptions
  kRealtime,     // what prepares a realtime session: its model is the session's
  kCohere,       // rerank in Cohere's shape
  kOther,        // embeddings, moderations, rerank, fine-tuning, …
};

// The shape of error objects.
enum class Dialect : std::uint8_t {
  kOpenAi,     // {"error":{"message","type","param","code"}}
  kAnthropic,  // {"type":"error","error":{"type","message"},"request_id"}
  kCohere,     // {"message"}
};

// A row of the table.
struct ApiTraits {
  Dialect dialect;
  const EventLaw& events;         // of its streamed answers
  std::string_view answer_inner;  // in an answer that is one object: as EventLaw::inner
};

constexpr ApiTraits traits_of(Api api) {
  switch (api) {
    case Api::kCompletions:
      return {Dialect::kOpenAi, kCompletionEvents, {}};
    case Api::kResponses:
      return {Dialect::kOpenAi, kResponseEvents, {}};
    case Api::kMessages:
      return {Dialect::kAnthropic, kMessageEvents, {}};
    case Api::kImages:
      return {Dialect::kOpenAi, kImageEvents, {}};
    case Api::kAudio:
      return {Dialect::kOpenAi, kAudioEvents, {}};
    case Api::kRealtime:
      return {Dialect::kOpenAi, kOtherEvents, "session"};
    case Api::kCohere:
      return {Dialect::kCohere, kOtherEvents, {}};
    case Api::kOther:
      break;
  }
  return {Dialect::kOpenAi, kOtherEvents, {}};
}

}  // namespace penstock::wire
