#pragma once

// The law of ends: what an API's streamed answer says of its own end, as a table.
//
// A stream consists of parts (the choices of a chat completion) and says three things: that a part
// has ended, that the whole has ended, and that it failed. Each rule names a place, a key and what
// its value must be for the rule to hold. What is at another place, or of another type, says
// nothing, whatever it looks like.
//
// A table can be read beside the API's documentation. wire/stream_end.h applies it.

#include <cstdint>
#include <span>
#include <string_view>

namespace penstock::wire {

struct EndRule {
  enum class Place : std::uint8_t {
    kTop,   // a member of the event's object
    kPart,  // a member of a part
    kMark,  // the event's whole data, without the white space around it
    kName,  // the event's name, its `event` field
  };
  enum class Value : std::uint8_t {
    kText,          // a string that is not blank, and none of `texts`
    kTextOrObject,  // a string that is not blank, or an object that is not empty
    kIs,            // one of `texts`
  };
  enum class Meaning : std::uint8_t { kPartEnds, kStreamEnds, kError };

  Place place;
  std::string_view key;  // letters and underscores
  Value value;
  std::span<const std::string_view> texts;
  Meaning meaning;
};

struct EndLaw {
  std::string_view parts;          // the top-level array whose objects are the parts
  std::string_view part_index;     // the part's number; where it has none, its place in the array
  std::span<const EndRule> rules;  // those of one place and key stand together
};

// Chat completions and completions.
// https://platform.openai.com/docs/api-reference/chat-streaming: `finish_reason` is null until the
// chunk that ends the choice; "the stream is terminated by a data: [DONE] message".
// Some services spell "not yet" as a text: "", "null", or Python's "None". An error has no
// documented shape within a stream: `{"error":{…}}` is OpenAI's and nearly everybody's,
// `{"error":"…"}` is text-generation-inference's, `{"object":"error",…}` vLLM's,
// `{"type":"error",…}` and `event: error` are those of Anthropic's API and of Responses, which some
// services send here as well. llama.cpp's field `error:` is none: clients ignore fields that they
// do not know.
inline constexpr std::string_view kNotYet[] = {"null", "None"};
inline constexpr std::string_view kDone[] = {"[DONE]"};
inline constexpr std::string_view kError[] = {"error"};
inline constexpr EndRule kCompletionRules[] = {
    {EndRule::Place::kPart, "finish_reason", EndRule::Value::kText, kNotYet,
     EndRule::Meaning::kPartEnds},
    {EndRule::Place::kMark, "", EndRule::Value::kIs, kDone, EndRule::Meaning::kStreamEnds},
    {EndRule::Place::kTop, "error", EndRule::Value::kTextOrObject, {}, EndRule::Meaning::kError},
    {EndRule::Place::kTop, "object", EndRule::Value::kIs, kError, EndRule::Meaning::kError},
    {EndRule::Place::kTop, "type", EndRule::Value::kIs, kError, EndRule::Meaning::kError},
    {EndRule::Place::kName, "event", EndRule::Value::kIs, kError, EndRule::Meaning::kError},
};
inline constexpr EndLaw kCompletionEnds{"choices", "index", kCompletionRules};

}  // namespace penstock::wire
