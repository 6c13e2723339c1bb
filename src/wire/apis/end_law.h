#pragma once

// The law of ends: how an API's streamed answer marks its own end, as a table.
//
// A stream consists of parts (the choices of a chat completion) and states three things: that a
// part has ended, that the whole has ended, and that it failed. Each rule names a place, a key, and
// the values for which it holds. The same key at another place, or with a value of another type,
// means nothing.
//
// A table can be compared with the API's documentation. wire/apis/stream_end.h applies it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace penstock::wire {

struct EndRule {
  enum class Place : std::uint8_t {
    kTop,   // a member of the event's object
    kPart,  // a member of a part
    kMark,  // the event's whole data, without surrounding white space
    kName,  // the event's name, its `event` field
  };
  enum class Value : std::uint8_t {
    kText,          // a string that is not blank and not one of `texts`
    kTextOrObject,  // a string that is not blank, or a non-empty object
    kIs,            // one of `texts`
  };
  enum class Meaning : std::uint8_t { kPartEnds, kStreamEnds, kError };

  Place place;
  std::string_view key;  // letters and underscores
  Value value;
  std::span<const std::string_view> texts;
  Meaning meaning;
};

// The keys of one place that matter. Nearly all others differ from them in length, and nearly all
// of the rest in the first letter.
struct EndKeys {
  // What a key is: nothing, the array of parts, a part's number, or the first rule that names it.
  using Watch = std::uint8_t;
  static constexpr Watch kNothing = 0;
  static constexpr Watch kParts = 1;
  static constexpr Watch kPartIndex = 2;
  static constexpr Watch kFirstRule = 3;

  static constexpr std::size_t kMax = 8;
  struct Key {
    std::string_view name;
    Watch watch = kNothing;
  };

  // Of two with one name the first counts.
  constexpr void add(std::string_view name, Watch watch) {
    for (std::size_t i = 0; i < count; ++i) {
      if (keys[i].name == name) return;
    }
    sizes |= std::uint64_t{1} << name.size();
    keys.at(count++) = {name, watch};
  }

  std::uint64_t sizes = 0;  // bit n: one has n letters
  std::array<Key, kMax> keys{};
  std::size_t count = 0;
};

// A constant, made by the compiler: all streams of an API share it.
struct EndLaw {
  // `parts` names the top-level array whose objects are the parts; `part_index` the part's number:
  // without one, its position counts. Of `rules`, those of one place and key are adjacent.
  constexpr EndLaw(std::string_view parts, std::string_view part_index,
                   std::span<const EndRule> all)
      : rules(all) {
    top_keys.add(parts, EndKeys::kParts);
    part_keys.add(part_index, EndKeys::kPartIndex);
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const EndRule& rule = rules[i];
      const std::uint32_t bit = std::uint32_t{1} << i;
      const auto watch = static_cast<EndKeys::Watch>(EndKeys::kFirstRule + i);
      if (rule.place == EndRule::Place::kTop) top_keys.add(rule.key, watch);
      if (rule.place == EndRule::Place::kPart) part_keys.add(rule.key, watch);
      if (rule.meaning == EndRule::Meaning::kError) error_rules |= bit;
      if (rule.meaning == EndRule::Meaning::kPartEnds) part_end_rules |= bit;
    }
  }

  std::span<const EndRule> rules;
  EndKeys top_keys;
  EndKeys part_keys;
  std::uint32_t error_rules = 0;     // bit i: rule i means an error
  std::uint32_t part_end_rules = 0;  // bit i: rule i means that the part ends
};

// Chat completions and completions.
// https://platform.openai.com/docs/api-reference/chat-streaming: `finish_reason` is null until the
// chunk that ends the choice; "the stream is terminated by a data: [DONE] message".
// Some services write "not yet" as a string: "", "null", or Python's "None". An error has no
// documented shape within a stream: `{"error":{…}}` is OpenAI's and nearly everybody's,
// `{"error":"…"}` is text-generation-inference's, `{"object":"error",…}` vLLM's;
// `{"type":"error",…}` and `event: error` come from Anthropic's API and from Responses, and some
// services send them here too. llama.cpp's field `error:` is not an error: clients ignore unknown
// fields.
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
